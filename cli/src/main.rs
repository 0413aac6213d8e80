//! The tool `weir`.

use std::process::ExitCode;

fn main() -> ExitCode {
    weir::run(std::env::args_os())
}
