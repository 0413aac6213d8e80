//! Ctrl-C, SIGTERM and a closed terminal: the first one asks for an orderly end, the second one ends the process.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn send(signal: &str, pid: u32) {
    // The shell's own: a small system has no program of that name.
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A `weir` that has begun to post to somebody who never answers, with the connection on which it waits.
fn waiting(stderr: Stdio) -> (Child, TcpStream) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhook", silent.local_addr().unwrap());
    let child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["simulate", "--rate", "1", "--to", &url])
        .env("WEIR_APP_SECRET", "00112233445566778899aabbccddeeff")
        .env("RUST_LOG", "weir_runtime=info")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap();
    (child, silent.accept().unwrap().0)
}

#[test]
fn a_second_signal_ends_what_still_waits_with_the_code_of_shells() {
    for (first, second, code) in [("INT", "TERM", 143), ("TERM", "INT", 130), ("HUP", "TERM", 143)] {
        let (mut child, connection) = waiting(Stdio::piped());
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        send(first, child.id());
        let asked = said.next().unwrap();
        assert!(asked.contains("signal received, shutting down; a second one exits at once"), "{asked}");
        // As often as a terminal that is closed may be told of.
        send("HUP", child.id());
        send(second, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let ended = said.next().unwrap();
        assert!(ended.contains("second signal, exiting at once"), "{ended}");
        drop(connection);
    }
}

#[test]
fn signals_are_obeyed_while_nobody_reads_the_log() {
    let (unread, mut log) = std::io::pipe().unwrap();
    let (mut child, connection) = waiting(log.try_clone().unwrap().into());
    // More than any pipe holds.
    let filling = std::thread::spawn(move || log.write_all(&vec![b'\n'; 4 << 20]));
    send("INT", child.id());
    send("TERM", child.id());
    let deadline = Instant::now() + PATIENCE;
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if Instant::now() > deadline => break child.kill().map(|()| None).unwrap(),
            None => std::thread::yield_now(),
        }
    };
    // Whichever of the two came second.
    assert!(matches!(ended, Some(130 | 143)), "{ended:?}");
    drop((unread, connection));
    filling.join().unwrap().unwrap_err();
}
