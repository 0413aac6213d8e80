//! Ctrl-C and SIGTERM: the first one asks for an orderly end, the second one ends the process.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

fn send(signal: &str, pid: u32) {
    // The shell's own: a small system has no program of that name.
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_second_signal_ends_what_still_waits_with_the_code_of_shells() {
    for (first, second, code) in [("INT", "TERM", 143), ("TERM", "INT", 130)] {
        // Connections come about, and nothing is ever answered.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhook", silent.local_addr().unwrap());
        let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
            .args(["simulate", "--rate", "1", "--to", &url])
            .env("WEIR_APP_SECRET", "00112233445566778899aabbccddeeff")
            .env("RUST_LOG", "weir_runtime=info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let connection = silent.accept().unwrap();
        send(first, child.id());
        let asked = said.next().unwrap();
        assert!(asked.contains("signal received, shutting down; a second one exits at once"), "{asked}");
        send(second, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let ended = said.next().unwrap();
        assert!(ended.contains("second signal, exiting at once"), "{ended}");
        drop(connection);
    }
}
