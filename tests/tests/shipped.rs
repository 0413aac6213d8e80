//! The container that the other tests run binaries in is the one that is shipped.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use weir_tests::pipeline::{APP_SECRET, PATIENCE};
use weir_tests::process::Binary;
use weir_tests::{ports, yaml};

/// Ingest without Kafka, with a spool.
async fn ingest(spool: &str) -> Result<Binary> {
    let [admin, listen] = ports::free()?.map(|port| format!("127.0.0.1:{port}"));
    let args = ["--brokers", "127.0.0.1:1", "--listen", &listen, "--admin-listen", &admin];
    let args = [&args[..], &["--spool-dir", spool, "--spool-max-bytes", "16MiB"]].concat();
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)])?;
    ingest.ready(&format!("http://{admin}/livez"), PATIENCE).await?;
    Ok(ingest)
}

#[tokio::test]
async fn a_binary_has_the_files_of_the_image_read_only_and_no_right() {
    let spool = tempfile::tempdir().unwrap();
    let ingest = ingest(spool.path().to_str().unwrap()).await.unwrap();
    let proc = PathBuf::from(format!("/proc/{}", ingest.pid()));

    let status = fs::read_to_string(proc.join("status")).unwrap();
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((line("Name:"), line("NoNewPrivs:")), (vec!["weir-ingest".to_owned()], vec!["1".to_owned()]));
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(line(set), ["0000000000000000"], "{set}");
    }

    let root = proc.join("root");
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    let binaries = [
        "weir",
        "weir-ingest",
        "weir-lookups",
        "weir-media",
        "weir-messages",
        "weir-metrics",
        "weir-replies",
    ];
    assert_eq!(names("usr/local/bin"), BTreeSet::from(binaries.map(str::to_owned)));
    assert!(!names("usr").contains("bin") && !root.join("bin").exists(), "{:?}", names("usr"));
    // What tests keep below it is mounted there, and nothing else is.
    let temporary = fs::read_dir(root.join("tmp")).into_iter().flatten().count();
    assert!(temporary <= 1, "{temporary} entries in /tmp");

    let mounts = fs::read_to_string(proc.join("mountinfo")).unwrap();
    let writable = mounts.lines().filter_map(|line| {
        let fields: Vec<_> = line.split(' ').collect();
        let is_kernels = fields[4].starts_with("/proc") || fields[4].starts_with("/dev");
        (!is_kernels && fields[5].starts_with("rw")).then(|| fields[4].to_owned())
    });
    assert_eq!(writable.collect::<Vec<_>>(), [spool.path().to_str().unwrap()]);
}

#[tokio::test]
async fn where_root_runs_the_tests_the_user_the_limit_and_the_volume_are_those_of_the_base() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0"));
    if !is_root {
        return;
    }
    let spool = tempfile::tempdir().unwrap();
    let ingest = ingest(spool.path().to_str().unwrap()).await.unwrap();
    let proc = PathBuf::from(format!("/proc/{}", ingest.pid()));
    let status = fs::read_to_string(proc.join("status")).unwrap();
    for ids in ["Uid:", "Gid:"] {
        assert!(status.contains(&format!("{ids}\t65532\t65532\t65532\t65532")), "{status}");
    }

    let base = yaml::documents(&yaml::text("k8s/base/ingest.yaml").unwrap()).unwrap();
    let set = base.iter().find(|document| document["kind"] == "StatefulSet").unwrap();
    let limit = &set["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"];
    let limit: u64 = limit.as_str().unwrap().trim_end_matches("Mi").parse().unwrap();
    let groups = proc.join("root/sys/fs/cgroup");
    let seen = fs::read_to_string(groups.join("memory/memory.limit_in_bytes"))
        .or_else(|_| fs::read_to_string(groups.join("memory.max")));
    if let Ok(seen) = seen {
        assert_eq!(seen.trim().parse::<u64>().unwrap(), limit << 20);
    }

    let volume = fs::metadata(spool.path().join("volume.ext4")).unwrap().len();
    assert!((20 << 20..=32 << 20).contains(&volume), "{volume} bytes for a spool of 16 MiB");
}
