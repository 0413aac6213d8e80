//! Folders as Kubernetes mounts them, and as nobody should.

use super::*;
use std::os::unix::fs::symlink;
use std::process::Command;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn said(fault: &Result<Vec<u8>, FileFault>) -> String {
    fault.as_ref().unwrap_err().to_string()
}

#[test]
fn a_mounted_secret_is_read_through_its_links() {
    let folder = folder();
    let generation = folder.path().join("..2026_11_27");
    fs::create_dir(&generation).unwrap();
    fs::write(generation.join("shop"), "one").unwrap();
    symlink("..2026_11_27", folder.path().join("..data")).unwrap();
    symlink("..data/shop", folder.path().join("shop")).unwrap();
    let files = read_folder(folder.path(), 100).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["shop"]);
    assert_eq!(files["shop"].as_deref().unwrap(), b"one");
    assert_eq!(read_file(&folder.path().join("shop"), 100).unwrap(), b"one");
    let other_way = folder.path().join("way");
    symlink(&generation, &other_way).unwrap();
    assert_eq!(read_folder(&other_way, 100).unwrap()["shop"].as_deref().unwrap(), b"one");
}

#[test]
fn a_pipe_a_device_and_links_that_lead_outside_are_named_and_take_no_other_file_with_them() {
    let folder = folder();
    fs::write(folder.path().join("shop"), "one").unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    symlink("/dev/zero", folder.path().join("zero")).unwrap();
    symlink("/proc/self/environ", folder.path().join("environ")).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    fs::write(folder.path().join("large"), [b'x'; 101]).unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    let files = read_folder(folder.path(), 100).unwrap();
    assert_eq!(files["shop"].as_deref().unwrap(), b"one");
    assert_eq!(said(&files["pipe"]), "it is no regular file");
    assert_eq!(said(&files["socket"]), "it is no regular file");
    assert_eq!(said(&files["zero"]), "it is a link that leads out of its folder");
    assert_eq!(said(&files["environ"]), "it is a link that leads out of its folder");
    assert!(said(&files["dangling"]).starts_with("it cannot be read: No such file"));
    assert_eq!(said(&files["large"]), "it is larger than 100 bytes");
    assert_eq!(files.len(), 7);
}

#[test]
fn a_single_file_is_read_as_those_of_a_folder_are() {
    let folder = folder();
    let link = folder.path().join("environ");
    symlink("/proc/self/environ", &link).unwrap();
    assert_eq!(said(&read_file(&link, 100)), "it is a link that leads out of its folder");
    assert_eq!(said(&read_file(Path::new("/dev/zero"), 100)), "it is no regular file");
    assert_eq!(said(&read_regular(Path::new("/dev/zero"), 100)), "it is no regular file");
}

#[test]
fn a_file_that_says_it_is_empty_and_is_not_is_read_within_its_bound() {
    assert_eq!(said(&read_regular(Path::new("/proc/self/maps"), 100)), "it is larger than 100 bytes");
}

#[test]
fn what_editors_put_around_a_secret_is_no_part_of_it() {
    let utf16 =
        |order: fn(u16) -> [u8; 2]| "\u{feff}a b\r\n".encode_utf16().flat_map(order).collect::<Vec<_>>();
    for written in [
        b"a b".to_vec(),
        b"a b\n\n".to_vec(),
        b" \ta b \r\n".to_vec(),
        b"\xef\xbb\xbfa b\n".to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        assert_eq!(trimmed(written.clone()), b"a b", "{written:?}");
    }
    assert_eq!(trimmed(b"\xff\xfex".to_vec()), b"\xff\xfex", "an odd number of bytes is no UTF-16");
    assert_eq!(trimmed(b" \n".to_vec()), b"");
}
