//! What is known of tokens and what became of them, as a table or as JSON, and as an exit code.

use super::look::{Expiry, Facts, Looked};
use super::renew::{RefreshOutcome, Refreshed};
use super::settings::{ListSettings, RefreshSettings};
use crate::meta::Login;
use crate::screen::{Cell, Screen, Table, Tone};
use crate::tool::Exit;
use schemas::Millis;
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds.
pub(in crate::meta) const DAY: u64 = 24 * 60 * 60;

/// How the token of a person or a page is had anew.
const BY_LOGIN: &str = "a new login, then weir tokens exchange";
/// How that of a system user is.
const IN_THE_SETTINGS: &str = "a new one in the business' settings";

/// Prints the tokens, and says whether all may be used for long enough.
pub(super) fn list(tokens: &[Looked<'_>], settings: &ListSettings, screen: &mut Screen) -> io::Result<Exit> {
    let states: Vec<_> = tokens.iter().map(|token| state(token, settings.warn_before)).collect();
    let ended = |as_one: Exit| states.iter().any(|(exit, _)| *exit == as_one);
    let exit = [Exit::Failure, Exit::Findings].into_iter().find(|exit| ended(*exit)).unwrap_or(Exit::Done);
    if settings.json {
        let listed: Vec<_> = tokens.iter().map(object).collect();
        screen.json(&json!({"as_needed": exit == Exit::Done, "tokens": listed}))?;
        return Ok(exit);
    }
    let rows = tokens.iter().zip(states).map(|((account, facts), (exit, state))| {
        let shown = |facts: &Facts| {
            (facts.kind.clone().unwrap_or_default(), until(facts.ends), facts.permissions.join(", "))
        };
        let (kind, until, permissions) = facts.as_ref().map(shown).unwrap_or_default();
        let tone = match exit {
            Exit::Done => Tone::Good,
            Exit::Findings => Tone::Warn,
            Exit::Failure | Exit::Usage | Exit::Absent => Tone::Bad,
        };
        [
            account.id.to_string().into(),
            account.login.as_str().into(),
            kind.into(),
            until.into(),
            Cell::new(tone, state),
            permissions.into(),
        ]
    });
    Table::under(["ACCOUNT", "LOGIN", "KIND", "UNTIL", "STATE", "PERMISSIONS"]).with(rows).print(screen)?;
    Ok(exit)
}

/// Prints what became of the tokens that could be refreshed.
pub(super) fn refreshed(
    tokens: &[Refreshed<'_>],
    settings: &RefreshSettings,
    screen: &mut Screen,
) -> io::Result<Exit> {
    let is_done = tokens.iter().all(|(_, became)| became.is_ok());
    let exit = if is_done { Exit::Done } else { Exit::Failure };
    if settings.json {
        let listed = tokens.iter().map(|(account, became)| {
            let account = account.id.as_str();
            match became {
                Ok(RefreshOutcome { is_new, ends }) => {
                    let state = if *is_new { "refreshed" } else { "left" };
                    json!({"account": account, "state": state, "until": ends.map(written)})
                }
                Err(why) => json!({"account": account, "state": "failed", "error": why}),
            }
        });
        screen.json(&json!({"tokens": listed.collect::<Vec<_>>()}))?;
        return Ok(exit);
    }
    if tokens.is_empty() {
        screen.line("No account of Instagram Login is declared: no other token is refreshed")?;
    }
    let rows = tokens.iter().map(|(account, became)| {
        let cell = match became {
            Ok(RefreshOutcome { is_new, ends }) => {
                let left = if *is_new { "" } else { "left as it is, since Meta gave it within a day: " };
                Cell::new(Tone::Good, format!("{left}ends {}", end(account.login, *ends)))
            }
            Err(why) => Cell::new(Tone::Bad, why.clone()),
        };
        [account.id.to_string().into(), cell]
    });
    Table::default().with(rows).print(screen)?;
    Ok(exit)
}

/// The end of a token that was just given, in words: of Instagram Login each has one, told or not.
pub(super) fn end(login: Login, ends: Option<SystemTime>) -> String {
    match (ends, login) {
        (None, Login::Instagram) => String::from("at a time that Meta did not tell"),
        (ends, _) => until(ends.map_or(Expiry::Never, Expiry::At)),
    }
}

/// An end in words.
pub(in crate::meta) fn until(ends: Expiry) -> String {
    match ends {
        Expiry::Never => String::from("never"),
        Expiry::Unknown => String::from("not known"),
        Expiry::At(end) => match end.duration_since(SystemTime::now()) {
            Ok(left) => format!("{} (in {} days)", written(end), left.as_secs() / DAY),
            Err(_) => format!("{} (it has ended)", written(end)),
        },
    }
}

/// An instant, to the second, as far as the year 9999.
pub(in crate::meta) fn written(time: SystemTime) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(Millis::of(time).as_secs());
    humantime::format_rfc3339_seconds(time).to_string()
}

fn state((account, facts): &Looked<'_>, warn_before: Duration) -> (Exit, String) {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return (Exit::Failure, why.clone()),
    };
    let (renewed, anew) = match account.login {
        Login::Instagram => ("weir tokens refresh", BY_LOGIN),
        Login::Facebook => (BY_LOGIN, BY_LOGIN),
        Login::Unified => (IN_THE_SETTINGS, IN_THE_SETTINGS),
    };
    if !facts.is_valid {
        return (Exit::Findings, format!("not valid: {anew}"));
    }
    let now = SystemTime::now();
    let ends_by = |time| matches!(facts.ends, Expiry::At(end) if end <= time);
    let end =
        if ends_by(now) { Some("has ended") } else { ends_by(now + warn_before).then_some("ends soon") };
    let wrong = [
        end.map(|end| format!("{end}: {renewed}")),
        (!facts.lacks.is_empty()).then(|| format!("lacks {}", facts.lacks.join(", "))),
    ];
    match wrong.into_iter().flatten().collect::<Vec<_>>() {
        wrong if wrong.is_empty() => (Exit::Done, String::from("valid")),
        wrong => (Exit::Findings, wrong.join("; ")),
    }
}

fn object((account, facts): &Looked<'_>) -> Value {
    let mut object = json!({"account": account.id.as_str(), "login": account.login.as_str()});
    match facts {
        Err(why) => object["error"] = why.as_str().into(),
        Ok(facts) => {
            object["kind"] = json!(facts.kind);
            object["is_valid"] = facts.is_valid.into();
            object["until"] = match facts.ends {
                Expiry::At(end) => written(end).into(),
                Expiry::Never => "never".into(),
                Expiry::Unknown => Value::Null,
            };
            object["permissions"] = json!(facts.permissions);
            object["lacks"] = json!(facts.lacks);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::file::Declared;

    #[test]
    fn a_token_of_instagram_login_whose_end_is_not_told_has_one_all_the_same() {
        assert_eq!(end(Login::Instagram, None), "at a time that Meta did not tell");
        assert_eq!(end(Login::Facebook, None), "never");
    }

    #[test]
    fn what_has_ended_does_not_end_soon() {
        let text = r#"{"apps": [{"id": "111", "secret_file": "s", "accounts": [{"id": "204", "login": "unified"}]}]}"#;
        let app = serde_json::from_str::<Declared>(text).unwrap().apps.remove(0);
        let said = |ends| {
            let (permissions, lacks) = (Vec::new(), Vec::new());
            let facts = Facts { kind: None, is_valid: true, ends: Expiry::At(ends), permissions, lacks };
            state(&(&app.accounts[0], Ok(facts)), Duration::from_mins(1)).1
        };
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        assert_eq!(said(now - second), "has ended: a new one in the business' settings");
        assert_eq!(said(now + 9 * second), "ends soon: a new one in the business' settings");
        assert_eq!(said(now + 90 * second), "valid");
    }

    #[test]
    fn an_end_that_is_no_date_is_written_as_the_last_one() {
        assert_eq!(written(UNIX_EPOCH + Duration::from_secs(1_764_000_001)), "2025-11-24T16:00:01Z");
        assert_eq!(written(UNIX_EPOCH + Duration::from_secs(1_764_000_000_001)), "9999-12-31T23:59:59Z");
    }
}
