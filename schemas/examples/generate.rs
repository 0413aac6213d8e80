//! Writes the JSON Schemas of everything that is published to `schemas/json`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("json");
    fs::create_dir_all(&folder)?;
    for old in fs::read_dir(&folder)? {
        let old = old?.path();
        if old.extension().is_some_and(|extension| extension == "json") {
            fs::remove_file(old)?;
        }
    }
    for (name, schema) in schemas::json_schema::documents() {
        fs::write(folder.join(name), format!("{schema:#}\n"))?;
    }
    Ok(())
}
