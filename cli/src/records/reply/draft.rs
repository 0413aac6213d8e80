//! A command as it is written: checked by the code that carries it out, with an id: pure.

use std::time::SystemTime;
use uuid::Uuid;
use weir_graph::{Account, Login};
use weir_replies::Cause;
use weir_replies::command::{Command, Unusable};

/// A command that weir-replies would carry out.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its JSON.
    pub(super) value: Vec<u8>,
    /// Whether its id came with it, so that it may have been used before.
    pub(super) has_own_id: bool,
    command: Command,
}

impl Draft {
    /// Checks a command's JSON for an account of this login; it gets an id where it has none.
    pub(super) fn of(value: Vec<u8>, login: Login, now: SystemTime) -> Result<Self, Cause> {
        // The account's Page, weir-replies knows.
        let parse =
            |value: &[u8]| Command::parse(value, |account| Account::new(account.clone(), login, None));
        let mut has_own_id = true;
        let (value, parsed) = match parse(&value) {
            // An id that is there and cannot be one is told of all the same: it would be given twice.
            Err(Unusable { subject: None, cause }) if cause.reason == "bad_command" => {
                let value = with_id(&value, &Uuid::now_v7().to_string());
                let parsed = parse(&value);
                has_own_id = false;
                (value, parsed)
            }
            parsed => (value, parsed),
        };
        let command = parsed.map_err(|unusable| unusable.cause)?;
        match command.expiry(now) {
            Some(cause) => Err(cause),
            None => Ok(Self { value, has_own_id, command }),
        }
    }

    /// The command's id.
    pub(super) fn id(&self) -> &str {
        &self.command.subject.id
    }

    /// Who answers.
    pub(super) fn account(&self) -> &str {
        self.command.account.as_str()
    }

    /// The key of its record.
    pub(super) fn key(&self) -> &str {
        &self.command.key
    }
}

/// The object with this member first, and all else byte for byte.
fn with_id(object: &[u8], id: &str) -> Vec<u8> {
    let begin = object.iter().position(|byte| *byte == b'{').map_or(0, |brace| brace + 1);
    let (brace, members) = object.split_at(begin);
    let comma = if members.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    [brace, format!("\"id\":\"{id}\"{comma}").as_bytes(), members].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(command: &str) -> Result<Draft, Cause> {
        Draft::of(command.as_bytes().to_vec(), Login::Facebook, SystemTime::now())
    }

    fn refusal(command: &str) -> (&'static str, String) {
        match draft(command) {
            Err(Cause { reason, error }) => (reason, error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_without_an_id_gets_one_and_is_else_as_it_was() {
        let members = r#""account": "17", "action":"message","to":"42", "message" : {"text":"\u00e4"} }"#;
        let draft = draft(&format!(" {{ {members}\n")).unwrap();
        assert_eq!((draft.key(), draft.has_own_id), ("17:42", false));
        let expected = format!(" {{\"id\":\"{}\", {members}\n", draft.id());
        assert_eq!(String::from_utf8(draft.value).unwrap(), expected);
    }

    #[test]
    fn an_id_of_its_own_stays() {
        let command = r#"{"id":"a:1","account":"17","action":"comment_delete","comment":"3"}"#;
        let draft = draft(command).unwrap();
        assert_eq!((draft.id(), draft.key(), draft.value.as_slice()), ("a:1", "17", command.as_bytes()));
        assert!(draft.has_own_id);
    }

    #[test]
    fn the_login_decides_whose_limits_hold_where_the_id_does_not_tell() {
        let text = "x".repeat(1_001);
        let command = format!(r#"{{"account":"17","action":"message","to":"42","text":"{text}"}}"#);
        assert!(draft(&command).is_ok());
        match Draft::of(command.into_bytes(), Login::Instagram, SystemTime::now()) {
            Err(Cause { error, .. }) => assert!(error.contains("1,000 bytes"), "{error}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_would_be_refused_is_named_with_its_form() {
        let message = r#""account":"17","action":"message","to":"42""#;
        for (command, reason, said) in [
            ("[]", "unreadable", "no JSON object"),
            ("{}", "bad_command", "action is missing"),
            (r#"{"account":"17","action":"wave"}"#, "unknown_action", "action must be one of"),
            (r#"{"account":"17","action":"message","to":42,"text":"x"}"#, "bad_command", "to must be an id"),
            (&format!(r#"{{{message},"text":"x","tags":"A"}}"#), "bad_command", "tags is no member"),
            (&format!(r#"{{{message},"text":"{}"}}"#, "x".repeat(2_001)), "bad_command", "2,000 characters"),
            (
                &format!(r#"{{{message},"text":"x","not_after":"2025-07-18T16:20:41Z"}}"#),
                "too_late",
                "not_after",
            ),
        ] {
            let (found, error) = refusal(command);
            assert_eq!(found, reason, "{command}");
            assert!(error.contains(said), "{error}");
        }
    }
}
