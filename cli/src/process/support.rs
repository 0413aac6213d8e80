//! `weir support`: what a bug report needs, as one archive of texts.
//!
//! [`environment`] has the settings without what is secret, [`archive`] the form of the file. What is said of topics and spool is
//! what their own commands print.

mod archive;
mod environment;

use super::admin;
use crate::screen::{Printed, Screen};
use crate::tool::settings::{admin_ports, flag, settings};
use crate::tool::{Exit, Result, UsageError, cut_off, in_words, tool, work};
use runtime::settings::form;
use std::io;
use std::net::ToSocketAddrs;
use std::time::SystemTime;

tool! {
    /// Write an archive of what a bug report needs, without secrets
    ///
    /// Writes an archive (tar) of texts to standard output: the settings of this environment without secrets, what `weir topics
    /// plan`, `weir spool list` and `weir doctor --no-test-delivery` say with them (`weir doctor` also reports the lag of consumers
    /// that do not run), and of each process its version, its checks and its metrics. What cannot be had is named with the reason,
    /// and the rest is there.
    ///
    /// No secret, no token, no message and no id of a customer is in it. Ids of accounts and of deliveries, names of topics and
    /// addresses are: look through it before you send it.
    ///
    /// Exit code 0: written, whatever could not be had; 1: nobody takes it; 2: the command line is wrong, or it would go to a
    /// terminal.
    ///
    /// Examples:
    ///   kubectl -n weir exec weir-ingest-0 -- weir support | gzip > weir-ingest-0.tgz
    ///   weir support localhost:9090 localhost:9091 | gzip > weir-support.tgz
    ///   weir support | tar -xO
    pub(crate) const TOOL: "support" = work!(SupportSettings, run);
}

/// What each process is asked for, and the file that it becomes.
const PAGES: [(&str, &str); 3] =
    [("build", "build.json"), ("readyz?verbose", "checks.txt"), ("metrics", "metrics.txt")];
/// Accounts and topics have series of their own.
const LARGEST_PAGE: u64 = 16 << 20;

settings! {
    /// What `weir support` can be asked for.
    struct SupportSettings {
        /// Admin ports of processes, as HOST:PORT [default: that of this container, --admin-listen]
        processes: Vec<String> = admin_ports("processes", "one or more processes").named("PROCESS").positional(),
        /// The --admin-listen of the process beside which it runs
        admin_listen: String = flag("admin-listen", "IP:PORT", form::text()).env("WEIR_ADMIN_LISTEN").or("0.0.0.0:9090"),
    }
}

fn run(settings: &SupportSettings, screen: &mut Screen) -> Result<Exit> {
    if screen.is_terminal() {
        let why = "this is an archive, not for a terminal: weir support | gzip > weir-support.tgz";
        return Err(UsageError(why.to_owned()).into());
    }
    screen.is_all_that_is_done();
    let here = [here(&settings.admin_listen)];
    let processes = if settings.processes.is_empty() { &here[..] } else { &settings.processes };
    let mut files = vec![
        ("settings.txt".to_owned(), environment::shown()),
        ("topics-plan.txt".to_owned(), printed_by(&["topics", "plan"])),
        ("spool-list.txt".to_owned(), printed_by(&["spool", "list"])),
        ("doctor.txt".to_owned(), printed_by(&["doctor", "--no-test-delivery"])),
    ];
    for process in processes {
        files.extend(PAGES.map(|(page, name)| {
            let text = asked(process, page).unwrap_or_else(|error| not_to_be_had(&error.to_string()));
            // An archive has no other characters.
            let process = process.replace(|character: char| character == ':' || !character.is_ascii(), "_");
            (format!("{process}/{name}"), text)
        }));
    }
    screen.bytes(&archive::of(&files, SystemTime::now())).map_err(cut_off)?;
    Ok(Exit::Done)
}

/// What another command prints, with the settings of the environment.
fn printed_by(words: &[&str]) -> String {
    let printed = Printed::default();
    let command = crate::command();
    let matches = command.clone().try_get_matches_from(["weir"].iter().chain(words));
    let outcome = matches.map_err(|error| error.to_string()).and_then(|matches| {
        crate::WEIR.run(&command, &matches, &mut printed.screen()).map_err(|error| in_words(&error))
    });
    let text = printed.text();
    match outcome {
        Ok(_) => text,
        Err(why) => text + &not_to_be_had(&why),
    }
}

/// Where the process is reached that listens there. What is no address stays as it is: that it cannot be asked says why it
/// does not start, and the rest of the archive is needed all the more.
fn here(listen: &str) -> String {
    listen.parse().map_or_else(|_| listen.to_owned(), |listen| admin::reachable(listen).to_string())
}

/// The body of a page, from the first address that answers: `localhost` has two, and a process mostly listens on one.
fn asked(process: impl ToSocketAddrs, page: &str) -> io::Result<String> {
    let mut why = io::Error::other("the name has no address");
    for address in process.to_socket_addrs()? {
        match admin::get(address, page, LARGEST_PAGE) {
            Ok(page) => return Ok(page.body + "\n"),
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn not_to_be_had(why: &str) -> String {
    format!("not to be had: {why}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    #[test]
    fn each_address_of_a_name_is_tried() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses: [SocketAddr; 2] = [silent, listener.local_addr().unwrap()];
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // What is left unread would reset the connection.
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            assert!(head.take_while(|line| !line.is_empty()).count() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nready").unwrap();
        });
        assert_eq!(asked(&addresses[..], "readyz").unwrap(), "ready\n");
        server.join().unwrap();
        assert!(asked(silent, "readyz").is_err());
    }

    #[test]
    fn an_address_that_cannot_be_read_ends_nothing() {
        assert_eq!(here("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(here(":9090"), ":9090");
    }
}
