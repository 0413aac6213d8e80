//! All checks in their order, as a table or as JSON, and as an exit code.

use super::check::{Check, CheckResult, Verdict};
use crate::screen::{Cell, Screen, Table, Tone, harmless, nonzero};
use crate::tool::Exit;
use serde_json::{Value, json};
use std::io;

/// Checks of one end, under its name for people and for programs.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) end: &'static str,
    pub(super) checks: Vec<Check>,
}

/// Prints them; any check that fails makes the exit code [`Exit::Findings`].
pub(super) fn print(sections: &[Section], json: bool, screen: &mut Screen) -> io::Result<Exit> {
    let count = |verdict| all(sections).filter(|check| check.result.verdict == verdict).count() as u64;
    let failed = count(Verdict::Fail);
    let exit = if failed > 0 { Exit::Findings } else { Exit::Done };
    if json {
        let checks: Vec<Value> = sections.iter().flat_map(objects).collect();
        screen.json(&json!({"well": failed == 0, "checks": checks}))?;
        return Ok(exit);
    }
    table(sections).print(screen)?;
    screen.line("")?;
    let counts = [(failed, "fail"), (count(Verdict::Unknown), "unknown"), (count(Verdict::Pass), "pass")];
    screen.line(nonzero(&counts).join(", "))?;
    if let Some(first) = all(sections).find(|check| check.result.verdict == Verdict::Fail) {
        screen.toned(
            Tone::Bad,
            &format!("Begin with the first that fails: {} {}", label(first.name), first.of),
        )?;
    }
    Ok(exit)
}

fn all(sections: &[Section]) -> impl Iterator<Item = &Check> {
    sections.iter().flat_map(|section| &section.checks)
}

fn table(sections: &[Section]) -> Table {
    let mut table = Table::default();
    for (place, section) in sections.iter().enumerate() {
        if place > 0 {
            table.text(Tone::Plain, "");
        }
        table.text(Tone::Strong, section.heading);
        for check in &section.checks {
            let (tone, word) = match check.result.verdict {
                Verdict::Pass => (Tone::Good, "pass"),
                Verdict::Fail => (Tone::Bad, "FAIL"),
                Verdict::Unknown => (Tone::Warn, "unknown"),
            };
            table.row([
                Cell::new(tone, word),
                label(check.name).into(),
                check.of.as_str().into(),
                // Names in certificates are written by whoever answers at the address.
                harmless(&check.result.found).into(),
            ]);
            if !check.result.advice.is_empty() {
                table.text(Tone::Plain, format!("         → {}", check.result.advice));
            }
        }
    }
    table
}

fn label(name: &str) -> String {
    name.replace('_', " ")
}

fn objects(section: &Section) -> impl Iterator<Item = Value> {
    section.checks.iter().map(|Check { name, of, result }| {
        let CheckResult { verdict, found, advice } = result;
        json!({
            "end": section.end, "check": name, "of": of, "verdict": verdict, "found": found, "advice": advice,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;

    fn sections(second: CheckResult) -> [Section; 2] {
        let pass = CheckResult::pass("203.0.113.7").check("dns", "a.example");
        let first = Section { heading: "The public address", end: "address", checks: vec![pass] };
        let second = vec![second.check("topics", "")];
        [first, Section { heading: "Your own end", end: "own", checks: second }]
    }

    fn printed(sections: &[Section], json: bool) -> (Exit, String) {
        let printed = Printed::default();
        let exit = print(sections, json, &mut printed.screen()).unwrap();
        (exit, printed.text())
    }

    #[test]
    fn each_line_has_its_verdict_and_what_to_do_and_the_first_failure_is_named_at_the_end() {
        let (exit, text) = printed(&sections(CheckResult::fail("one is missing", "Make it.")), false);
        assert_eq!(exit, Exit::Findings);
        let expected = "\
The public address
pass  dns     a.example  203.0.113.7

Your own end
FAIL  topics             one is missing
         → Make it.

1 fail, 1 pass
Begin with the first that fails: topics \n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_an_outsider_wrote_cannot_steer_the_terminal() {
        let (_, text) = printed(&sections(CheckResult::fail("issued by “CN=\u{9b}2J”", "")), false);
        assert!(text.contains("issued by “CN=\\u{9b}2J”"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_no_failure() {
        let (exit, text) = printed(&sections(CheckResult::unknown("not looked at", "Give --brokers.")), true);
        assert_eq!(exit, Exit::Done);
        let printed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(printed["well"], true);
        let expected = json!({
            "end": "own", "check": "topics", "of": "", "verdict": "unknown", "found": "not looked at", "advice": "Give --brokers.",
        });
        assert_eq!(printed["checks"][1], expected);
    }
}
