//! Programs in other languages: Python out of the tests' virtual environment, Node with the modules of a folder, Java and Go.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

const GET_THEM: &str = "run `tests/run`, which gets it";
/// The oldest Node that the Kafka client of the TypeScript example runs on.
const NODE: (u32, u32) = (20, 19);

/// The workspace's folder of that name.
pub fn folder(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).join(name)
}

/// Python with the packages of `tests/python/requirements.txt`.
///
/// # Errors
///
/// When it is not there; the message names the command that gets it.
pub fn python() -> Result<PathBuf> {
    let python = environment().join("python");
    ensure!(environment().join("../stamp").is_file(), "{} is not there: {GET_THEM}", python.display());
    Ok(python)
}

/// Node, once it is known that the modules of this folder are there.
///
/// # Errors
///
/// When Node or the modules are missing, or it is too old; the message names the command that gets them.
pub fn node(modules_of: &str) -> Result<PathBuf> {
    let modules = folder(modules_of).join("node_modules");
    ensure!(modules.join(".stamp").is_file(), "{} is not there: {GET_THEM}", modules.display());
    let node = node_itself()?;
    let version = run(Command::new(&node).arg("--version"), "")?;
    let numbers: Vec<u32> =
        version.trim().trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    let is_new = matches!(numbers[..], [major, minor, ..] if (major, minor) >= NODE);
    ensure!(is_new, "{} is {}, which is too old: {GET_THEM}", node.display(), version.trim());
    Ok(node)
}

/// Node, whatever its version.
pub(crate) fn node_itself() -> Result<PathBuf> {
    let found = std::env::split_paths(&search_path()).map(|dir| dir.join("node")).find(|node| node.is_file());
    found.with_context(|| format!("there is no node: {GET_THEM}"))
}

/// Builds what a folder has for Node, as its documentation says.
///
/// # Errors
///
/// When its modules are missing, or it cannot be built; the message says why.
pub fn build_for_node(name: &str) -> Result<()> {
    node(name)?;
    run(Command::new("npm").args(["run", "build"]).current_dir(folder(name)), "").map(drop)
}

/// The path to look for programs in: those that the tests got come first.
pub fn search_path() -> OsString {
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(environment()).chain(std::env::split_paths(&usual));
    std::env::join_paths(dirs).unwrap_or(usual)
}

/// Runs a program to its end with text on its standard input; returns what it printed.
///
/// # Errors
///
/// When it cannot be started or fails; the message shows what it said.
pub fn run(command: &mut Command, stdin: &str) -> Result<String> {
    let shown = format!("{command:?}");
    command.env("PATH", search_path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting {shown}"))?;
    let mut pipe = child.stdin.take().context("a pipe to it")?;
    let text = stdin.to_owned();
    // Beside the reading, so that neither waits for the other; one that ends without reading has said why.
    let writer = std::thread::spawn(move || pipe.write_all(text.as_bytes()));
    let output = child.wait_with_output().with_context(|| format!("waiting for {shown}"))?;
    drop(writer.join());
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{shown} ended with {}\n{stdout}{stderr}", output.status);
    Ok(stdout)
}

fn environment() -> PathBuf {
    folder("tests/python/venv/bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_prints_is_returned_and_what_it_says_of_its_failure_is_shown() {
        assert_eq!(run(Command::new("sh").args(["-c", "tr a-z A-Z"]), "hello\n").unwrap(), "HELLO\n");
        let error = run(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), "").unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("no\n"), "{error}");
    }

    #[test]
    fn modules_that_are_not_there_are_named_with_the_command() {
        let error = node("tests/nowhere").unwrap_err().to_string();
        assert!(
            error.ends_with("tests/nowhere/node_modules is not there: run `tests/run`, which gets it"),
            "{error}"
        );
    }
}
