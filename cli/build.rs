//! Lists the committed JSON Schemas and fixtures, so that the tool carries each of them.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").canonicalize()?;
    let mut documents = Vec::new();
    for file in files(&schemas.join("json"))? {
        let name = file.rsplit('/').next().and_then(|name| name.strip_suffix(".v1.json"));
        documents.extend(name.map(|name| format!("({name:?}, include_str!({file:?})),\n")));
    }
    let mut fixtures = Vec::new();
    for kind in files(&schemas.join("fixtures"))?.iter().filter(|path| Path::new(path).is_dir()) {
        for file in files(Path::new(kind))? {
            let name = file.strip_suffix(".json").map(|path| path.rsplit('/').take(2).collect::<Vec<_>>());
            if let Some([name, kind]) = name.as_deref() {
                fixtures.push(format!("(\"{kind}/{name}\", include_bytes!({file:?})),\n"));
            }
        }
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("Cargo sets OUT_DIR"))?;
    for (name, mut rows) in [("documents.rs", documents), ("fixtures.rs", fixtures)] {
        rows.sort();
        fs::write(Path::new(&out).join(name), format!("&[\n{}]", rows.concat()))?;
    }
    Ok(())
}

/// The paths in a folder; Cargo runs this again when that changes.
fn files(folder: &Path) -> io::Result<Vec<String>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    fs::read_dir(folder)?.map(|file| Ok(file?.path().to_string_lossy().into_owned())).collect()
}
