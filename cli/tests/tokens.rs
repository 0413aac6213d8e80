//! `weir tokens exchange` from its command line to its exit code, told to end meanwhile.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

const DECLARED: &str = r#"{"apps": [{"id": "111", "secret_file": "app-secret", "accounts":
    [{"id": "1784", "login": "instagram", "token_file": "token"}]}]}"#;

#[test]
fn a_token_that_meta_gives_while_the_exchange_is_to_end_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (file, text) in
        [("connect.json", DECLARED), ("app-secret", "secret-of-the-app"), ("short", "short-token")]
    {
        fs::write(path(file), text).unwrap();
    }
    let meta = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", meta.local_addr().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(["tokens", "exchange", "1784", "--instagram-url", &url]);
    command.arg("--file").arg(path("connect.json")).arg("--short-token").arg(path("short"));
    let tool = command.stdout(Stdio::piped()).spawn().unwrap();

    let (mut stream, _) = meta.accept().unwrap();
    let head = BufReader::new(&stream).lines().map_while(Result::ok);
    assert!(head.take_while(|line| !line.is_empty()).count() > 0);
    // The shell's own `kill`: a small system has no program of that name.
    let kill = Command::new("sh").args(["-c", "kill \"$1\"", "sh", &tool.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let body = r#"{"access_token": "long-token", "expires_in": 5184000}"#;
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();

    let output = tool.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(path("token")).unwrap(), "long-token");
}
