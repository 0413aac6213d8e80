//! `weir post`: one body, signed, to an address.

use super::body;
use super::poster::{Answer, Poster, address};
use super::sign::Signer;
use crate::screen::{Screen, Tone, one_line};
use crate::tool::settings::{Flag, flag, group, settings};
use crate::tool::{Exit, Result, Session, input, tool, work};
use bytes::Bytes;

tool! {
    /// Post a webhook's body, signed as Meta does
    ///
    /// Signs the body as the very bytes of the file, posts it as Meta does, and prints the status and how long the answer took; of
    /// anything but 200 also what was answered. Ingest keeps what it answers 200: the events of a fixture are as real to its
    /// subscribers as those of Meta.
    ///
    /// Examples:
    ///   weir post message/text
    ///   weir post body.json --to https://webhooks.example.com/webhook --app-secrets /etc/weir/app-secrets --app shop
    ///
    /// Exit code 0: answered 200; 1: the body cannot be read, or nothing was answered; 3: answered anything else.
    pub(crate) const TOOL: "post" = work!(PostSettings, run);
}

/// As much of an answer as is shown, in characters.
const MAX_SHOWN_CHARS: usize = 400;

settings! {
    /// What `weir post` can be asked for.
    struct PostSettings {
        /// The body of a POST as a file, or a fixture by its name such as message/text; - or nothing reads standard input
        file: String = body::argument(),
        /// Where ingest takes webhooks
        to: String = to(),
        signer: Signer = group(),
    }
}

/// Where ingest takes webhooks.
pub(super) fn to() -> Flag<String> {
    flag("to", "URL", address()).or("http://127.0.0.1:8080/webhook")
}

fn run(PostSettings { file, to, signer }: &PostSettings, screen: &mut Screen) -> Result<Exit> {
    let body = body::read(file)?;
    if body.is_empty() {
        let name = input::name(file);
        return Err(format!(
            "{name} is empty, and nothing was posted: Meta posts no delivery without a body"
        )
        .into());
    }
    let signature = signer.secret().sign(&body);
    let poster = Poster::new(to)?;
    let Answer { status, text, took, .. } =
        Session::start()?.wait(poster.post(Bytes::from(body), &signature))?;
    let took = took.as_secs_f64() * 1_000.0;
    let (tone, exit) = if status == 200 { (Tone::Good, Exit::Done) } else { (Tone::Bad, Exit::Findings) };
    screen.toned(tone, &format!("{status} after {took:.1} ms"))?;
    if exit == Exit::Findings && !text.trim().is_empty() {
        screen.line(one_line(text.trim(), MAX_SHOWN_CHARS))?;
    }
    Ok(exit)
}
