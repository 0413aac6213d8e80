//! Lists the committed JSON Schemas, so that the tool carries each of them.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut documents = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?.path().to_string_lossy().into_owned();
        let name = file.rsplit('/').next().and_then(|name| name.strip_suffix(".v1.json"));
        documents.extend(name.map(|name| format!("({name:?}, include_str!({file:?})),\n")));
    }
    documents.sort();
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("Cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("documents.rs"), format!("&[\n{}]", documents.concat()))
}
