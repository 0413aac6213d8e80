//! Java and the jars of Kafka.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

const GET_THEM: &str = "run `tests/run`, which gets it, or, with Java 17 and Maven at hand, \
                        `mvn -f tests/kafka/pom.xml process-resources`";

/// What a broker is run with.
#[derive(Debug)]
pub(super) struct Java {
    program: PathBuf,
    classpath: OsString,
    /// Beside those that every broker has.
    own_options: Vec<OsString>,
}

impl Java {
    /// Java of `JAVA_HOME`, else of the path, and the jars that Maven put beside the pom.
    pub(super) fn find() -> Result<Self> {
        let jars = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/target/jars");
        ensure!(jars.is_dir(), "{} is not there: {GET_THEM}", jars.display());
        Ok(Self { program: program()?, classpath: jars.join("*").into_os_string(), own_options: Vec::new() })
    }

    pub(super) fn add(&mut self, options: &[String]) {
        self.own_options.extend(options.iter().map(OsString::from));
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    pub(super) fn class_path(&self) -> &OsStr {
        &self.classpath
    }

    /// Options of a virtual machine that lives for seconds, beside others, on few cores.
    pub(super) fn options(&self, dir: &Path) -> Vec<OsString> {
        let fixed = ["-Xms128m", "-Xmx512m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
        let mut options: Vec<OsString> = fixed.iter().map(OsString::from).collect();
        // Nothing is left in the machine's own temporary directory.
        options.push("-XX:-UsePerfData".into());
        let mut temporary = OsString::from("-Djava.io.tmpdir=");
        temporary.push(dir);
        options.extend([temporary, "-cp".into(), self.classpath.clone()]);
        options.extend(self.own_options.iter().cloned());
        options
    }
}

pub(super) fn program() -> Result<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    if let Some(java) = home.filter(|java| java.is_file()) {
        return Ok(java);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("java")).find(|java| java.is_file());
    found.with_context(|| format!("java is in neither JAVA_HOME nor PATH: {GET_THEM}"))
}
