//! `weir health` from its command line to its exit code.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use runtime::process::Process;
use runtime::process::health::Probe;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::process::{Command, Output};

fn weir(address: SocketAddr, probe: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(["health", "--admin-listen", &address.to_string(), probe]);
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

// The admin port answers on a thread of its own while this one waits for the tool.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_follows_the_probe_and_the_checks_are_printed() {
    let process = Process::new("weir-test", "0");
    let kafka = process.health.check("kafka", Probe::Startup);
    let listener = runtime::http::admin::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let admin = tokio::spawn(runtime::http::admin::serve(listener, process));

    let (code, stdout, _) = weir(address, "readyz");
    assert_eq!((code, stdout.contains("[-]kafka failed: starting")), (Some(1), true), "{stdout}");
    kafka.pass();
    let (code, stdout, _) = weir(address, "readyz");
    assert_eq!((code, stdout.contains("[+]kafka ok")), (Some(0), true), "{stdout}");
    assert_eq!(weir(address, "livez").0, Some(0));
    admin.abort();
}

/// What is said of an answer.
fn answered(answer: &'static str) -> (Option<i32>, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 16]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap_or_default();
    });
    weir(address, "readyz")
}

#[test]
fn an_answer_without_checks_is_told_by_its_status() {
    let (code, stdout, stderr) = answered("HTTP/1.1 302 Found\r\nlocation: /login\r\n\r\n");
    assert_eq!((code, stdout.as_str()), (Some(1), "HTTP status 302 Found\n"), "{stderr}");
    let (code, _, stderr) = answered("HTTP/1.1 302 Found\x1b[2J\r\nlocation: /login\r\n\r\n");
    assert!(code == Some(1) && !stderr.contains('\x1b'), "{stderr}");
}

#[test]
fn an_answer_in_chunks_is_read_as_it_was_meant() {
    let chunks =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n[+]kaf\r\n6\r\nka ok\n\r\n0\r\n\r\n";
    let (code, stdout, stderr) = answered(chunks);
    assert_eq!((code, stdout.as_str()), (Some(0), "[+]kafka ok\n"), "{stderr}");
    let (code, _, stderr) = answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n[+]kaf\r\n");
    assert_eq!(code, Some(1), "it is cut off: {stderr}");
}

#[test]
fn an_answer_that_is_cut_off_is_not_well() {
    let (code, _, stderr) = answered("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[+]");
    assert!(code == Some(1) && stderr.contains("end of file"), "{stderr}");
}

#[test]
fn a_process_that_is_not_there_is_not_well() {
    // Of a port that was free a moment ago, somebody else may listen by now.
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let (code, _, stderr) = weir(nobody, "readyz");
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("weir: {nobody} does not answer")), "{stderr}");
    let (code, _, stderr) = weir(nobody, "healthz");
    assert_eq!(code, Some(2), "{stderr}");
}
