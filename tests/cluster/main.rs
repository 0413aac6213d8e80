//! `weir-cluster`: what a real API server says of everything in k8s/, with Pod Security's admission on.

mod api_server;
mod cases;
mod controls;
mod guard;
mod pods;
mod report;
mod runbooks;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use api_server::ApiServer;
use clap::Parser;

/// Applies every base, overlay and component to a real API server, follows the runbooks there, and writes down what it says
#[derive(Debug, Parser)]
struct Arguments {
    /// The program etcd
    #[arg(long, value_name = "FILE")]
    etcd: PathBuf,
    /// The program kube-apiserver
    #[arg(long, value_name = "FILE")]
    api_server: PathBuf,
    /// The kinds of operators, a folder each
    #[arg(long, value_name = "DIRECTORY")]
    crds: PathBuf,
    /// Where the report goes
    #[arg(long, default_value = "docs/cluster.md", value_name = "FILE")]
    report: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { etcd, api_server, crds, report } = Arguments::parse();
    let server = ApiServer::start(&etcd, &api_server).await?;
    server.install(&crds).await?;
    controls::check(&server)?;
    guard::check(&server).await?;

    let mut answers = Vec::new();
    for case in cases::all()? {
        say(&case.name);
        let objects = server.apply(&case.objects)?;
        let pods = server.apply(&pods::of(&case.objects))?;
        answers.push(report::Answer { case: case.name, objects, pods });
    }
    say("runbooks");
    let commands = runbooks::follow(&server)?;
    std::fs::write(&report, report::page(&server.version()?, &answers, &commands))
        .with_context(|| report.display().to_string())?;
    let of_commands = commands.iter().filter_map(|done| done.complaint.as_deref());
    let wrong: Vec<&str> = answers.iter().flat_map(report::Answer::complaints).chain(of_commands).collect();
    ensure!(wrong.is_empty(), "the API server has something to say:\n{}", wrong.join("\n"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what it does, for whoever waits for it")]
fn say(text: &str) {
    println!("{text}");
}
