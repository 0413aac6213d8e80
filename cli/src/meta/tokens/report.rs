//! What is known of tokens and what became of them, as a table or as JSON, and as an exit code.

use super::look::{Ends, Facts, Looked};
use super::refresh::{Became, Refreshed};
use super::settings::{ListSettings, RefreshSettings};
use crate::meta::file::Login;
use crate::screen::{Cell, Table, Tone};
use crate::{Exit, Screen};
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, SystemTime};

const DAY: u64 = 24 * 60 * 60;

/// Prints the tokens, and says whether all may be used for long enough.
pub(super) fn list(tokens: &[Looked], settings: &ListSettings, screen: &mut Screen) -> io::Result<Exit> {
    let states: Vec<_> = tokens.iter().map(|token| state(token, settings.warn_before)).collect();
    let ended = |as_one: Exit| states.iter().any(|(exit, _)| *exit == as_one);
    let exit = [Exit::Failure, Exit::Drift].into_iter().find(|exit| ended(*exit)).unwrap_or(Exit::Done);
    if settings.json {
        let listed: Vec<_> = tokens.iter().map(object).collect();
        screen.json(&json!({"as_needed": exit == Exit::Done, "tokens": listed}))?;
        return Ok(exit);
    }
    let mut table = Table::under(["ACCOUNT", "LOGIN", "KIND", "UNTIL", "STATE", "PERMISSIONS"]);
    table.extend(tokens.iter().zip(states).map(|(token, (exit, state))| {
        let kind = token.facts.as_ref().ok().and_then(|facts| facts.kind.clone());
        let until = token.facts.as_ref().map_or_else(|_| String::new(), |facts| until(facts.ends));
        let permissions =
            token.facts.as_ref().map_or_else(|_| String::new(), |facts| facts.permissions.join(", "));
        let tone = match exit {
            Exit::Done => Tone::Good,
            Exit::Drift => Tone::Warn,
            Exit::Failure | Exit::Usage | Exit::Absent => Tone::Bad,
        };
        [
            token.account.to_string().into(),
            token.login.as_str().into(),
            kind.unwrap_or_default().into(),
            until.into(),
            Cell::new(tone, state),
            permissions.into(),
        ]
    }));
    table.print(screen)?;
    Ok(exit)
}

/// Prints what became of the tokens that could be refreshed.
pub(super) fn refreshed(
    tokens: &[Refreshed],
    settings: &RefreshSettings,
    screen: &mut Screen,
) -> io::Result<Exit> {
    let is_done = tokens.iter().all(|token| token.became.is_ok());
    let exit = if is_done { Exit::Done } else { Exit::Failure };
    if settings.json {
        let listed: Vec<_> = tokens
            .iter()
            .map(|token| match &token.became {
                Ok(Became::Renewed(ends)) => {
                    json!({"account": token.account.as_str(), "state": "refreshed", "until": ends.map(written)})
                }
                Ok(Became::Left(ends)) => {
                    json!({"account": token.account.as_str(), "state": "left", "until": written(*ends)})
                }
                Err(why) => json!({"account": token.account.as_str(), "state": "failed", "error": why}),
            })
            .collect();
        screen.json(&json!({"tokens": listed}))?;
        return Ok(exit);
    }
    if tokens.is_empty() {
        screen.line("No account of Instagram Login is declared: no other token is refreshed")?;
    }
    let mut table = Table::default();
    table.extend(tokens.iter().map(|token| {
        let cell = match &token.became {
            Ok(Became::Renewed(ends)) => Cell::new(Tone::Good, format!("ends {}", end(*ends))),
            Ok(Became::Left(ends)) => {
                let ends = end(Some(*ends));
                Cell::new(Tone::Good, format!("left as it is, since Meta gave it within a day: ends {ends}"))
            }
            Err(why) => Cell::new(Tone::Bad, why.clone()),
        };
        [token.account.to_string().into(), cell]
    }));
    table.print(screen)?;
    Ok(exit)
}

/// An end in words.
pub(super) fn end(ends: Option<SystemTime>) -> String {
    until(ends.map_or(Ends::Never, Ends::At))
}

/// As [`end`], of one that may not be known.
pub(in crate::meta) fn until(ends: Ends) -> String {
    match ends {
        Ends::Never => String::from("never"),
        Ends::Unknown => String::from("not known"),
        Ends::At(end) => match end.duration_since(SystemTime::now()) {
            Ok(left) => format!("{} (in {} days)", written(end), left.as_secs() / DAY),
            Err(_) => format!("{} (it has ended)", written(end)),
        },
    }
}

fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn state(token: &Looked, warn_before: Duration) -> (Exit, String) {
    let facts = match &token.facts {
        Ok(facts) => facts,
        Err(why) => return (Exit::Failure, why.clone()),
    };
    let remedy = if token.login == Login::Instagram { "weir tokens refresh" } else { "a new login" };
    if !facts.is_valid {
        return (Exit::Drift, String::from("not valid: a new login, then weir tokens exchange"));
    }
    let lacks: Vec<_> = facts.lacks.iter().map(String::as_str).collect();
    let wrong = [
        ends_within(facts, warn_before).then(|| format!("ends soon: {remedy}")),
        (!lacks.is_empty()).then(|| format!("lacks {}", lacks.join(", "))),
    ];
    match wrong.into_iter().flatten().collect::<Vec<_>>() {
        wrong if wrong.is_empty() => (Exit::Done, String::from("valid")),
        wrong => (Exit::Drift, wrong.join("; ")),
    }
}

fn ends_within(facts: &Facts, warn_before: Duration) -> bool {
    matches!(facts.ends, Ends::At(end) if end <= SystemTime::now() + warn_before)
}

fn object(token: &Looked) -> Value {
    let mut object = json!({"account": token.account.as_str(), "login": token.login.as_str()});
    match &token.facts {
        Err(why) => object["error"] = why.as_str().into(),
        Ok(facts) => {
            object["kind"] = json!(facts.kind);
            object["is_valid"] = facts.is_valid.into();
            object["until"] = match facts.ends {
                Ends::At(end) => written(end).into(),
                Ends::Never => "never".into(),
                Ends::Unknown => Value::Null,
            };
            object["permissions"] = json!(facts.permissions);
            object["lacks"] = json!(facts.lacks);
        }
    }
    object
}
