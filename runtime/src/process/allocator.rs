//! The allocator of every process, and of the C code in it.
//!
//! It returns memory after a flood of connections or bodies, which glibc's allocator keeps, and what one thread allocates and another
//! frees, as records are, costs it no lock; see docs/adr/0039.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
