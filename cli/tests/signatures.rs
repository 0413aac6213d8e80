//! `weir sign` and `weir verify` from their command lines to their exit codes.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn weir(arguments: &[&str], secrets: &Path) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).env_remove("WEIR_APP_SECRET").env("WEIR_APP_SECRETS", secrets);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder of secrets: one of Meta's form, and one in quotes.
fn secrets() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop"), "0123456789abcdef0123456789abcdef\n").unwrap();
    fs::write(folder.path().join("quoted"), "\"0123456789abcdef0123456789abcdef\"").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    folder
}

#[test]
fn what_is_signed_is_verified_and_the_secret_is_named() {
    let folder = secrets();
    let signed = weir(&["sign", "message/text", "--app", "shop"], folder.path());
    assert_eq!((signed.code, signed.stdout.len()), (Some(0), 7 + 64 + 1), "{}", signed.stderr);
    let verified = weir(&["verify", "message/text", "--signature", &signed.stdout], folder.path());
    assert_eq!((verified.code, verified.stdout.as_str()), (Some(0), "✓ The secret shop fits.\n"));
}

#[test]
fn why_no_secret_fits_is_told_with_those_that_cannot_be_metas() {
    let folder = secrets();
    let signature = weir(&["sign", "comment/on-post", "--app", "shop"], folder.path()).stdout;
    let decoded = folder.path().join("..decoded");
    let body = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/fixtures/comment/on-post.json");
    fs::write(&decoded, fs::read_to_string(body).unwrap().replace("\\ud83d\\ude0d", "😍")).unwrap();
    let Ran { code, stdout, stderr } =
        weir(&["verify", decoded.to_str().unwrap(), "--signature", &signature], folder.path());
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stdout.contains("✗ No secret fits: the body was changed") && stdout.contains("the secret shop fits"),
        "{stdout}"
    );
    assert!(stdout.contains("Tried: quoted, shop.\n"), "{stdout}");
    assert!(
        stdout.contains("quoted does not look like an app secret of Meta's: it stands in quotes"),
        "{stdout}"
    );
    assert!(stdout.contains("empty cannot be tried: it is empty"), "{stdout}");
    assert!(!stdout.contains("0123456789abcdef"), "{stdout}");
    let of_sha1 = weir(&["verify", "comment/on-post", "--signature", "sha1=00"], folder.path());
    assert!(of_sha1.stdout.contains("of SHA-1; take X-Hub-Signature-256"), "{}", of_sha1.stdout);
}

#[test]
fn of_several_secrets_one_has_to_be_chosen() {
    let Ran { code, stderr, .. } = weir(&["sign", "message/text"], secrets().path());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("--app") && stderr.contains("quoted, shop"), "{stderr}");
    assert!(stderr.contains("empty cannot be used: it is empty"), "{stderr}");
    let Ran { code, stderr, .. } = weir(&["sign", "no/such", "--app", "shop"], secrets().path());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("cannot read no/such") && stderr.contains("message/text"), "{stderr}");
}

#[test]
fn an_empty_body_is_not_posted() {
    let secrets = secrets();
    let body = secrets.path().join(".body.json");
    fs::write(&body, "").unwrap();
    let to = ["--app", "shop", "--to", "http://127.0.0.1:1/webhook"];
    let Ran { code, stderr, .. } =
        weir(&[&["post", body.to_str().unwrap()], &to[..]].concat(), secrets.path());
    assert!(code == Some(1) && stderr.contains("body.json is empty, and nothing was posted"), "{stderr}");
}
