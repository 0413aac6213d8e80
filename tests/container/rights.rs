//! No rights: the image's user, no capability, and none to be had.

use anyhow::{Context as _, Result};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs, set_thread_gid, set_thread_groups, set_thread_uid,
};
use rustix::thread::{Gid, Uid};

/// `USER 65532:65532` of the Dockerfile.
pub(crate) const USER: u32 = 65532;
pub(crate) const GROUP: u32 = 65532;

/// Whether this is root of the host, and not the only user of a namespace.
pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// Gives everything up, for good.
pub(crate) fn give_up() -> Result<()> {
    for capability in CapabilitySet::all().iter() {
        match remove_capability_from_bounding_set(capability) {
            // The kernel may know fewer than this program does.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(error).context("ruling out capabilities"),
        }
    }
    if is_root() {
        set_thread_groups(&[Gid::from_raw(GROUP)]).context("leaving the groups")?;
        set_thread_gid(Gid::from_raw(GROUP)).context("changing the group")?;
        set_thread_uid(Uid::from_raw(USER)).context("changing the user")?;
    }
    clear_ambient_capability_set().context("giving up capabilities")?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .context("giving up capabilities")?;
    set_no_new_privs(true).context("ruling out new rights")
}
