//! The settings of `weir-metrics` beside the common ones.

use runtime::secret_files::{read_regular, trimmed};
use runtime::settings::{Form, defaults, form, optional, with_default};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Each makes some series, which Prometheus keeps for as long as it keeps anything.
const MOST_ACCOUNTS: usize = 1_000;

/// A file of that many ids of the longest is smaller.
const LARGEST_FILE: u64 = 1 << 20;

const MONTH: Duration = Duration::from_hours(30 * 24);

runtime::settings! {
    /// The settings of `weir-metrics`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MetricsSettings {
        /// Accounts and pages with metrics of their own, by id, separated by commas; or @FILE with one a line
        pub accounts: BTreeSet<String> = optional("ID,…|@FILE", accounts()).or_default(),
        /// Accounts that are told apart to count them, per process
        pub seen_accounts: usize = with_default("COUNT", "10000", form::count(1..=1_000_000)),
        /// Conversations that may wait for an answer, per partition; beyond it the one that waits longest is given up
        pub open_conversations: usize = with_default("COUNT", "10000", form::count(1..=1_000_000)),
        /// How long an answer is waited for
        pub response_window: Duration = with_default("DURATION", "24h", form::duration(Duration::from_mins(1)..=MONTH)),
        /// Events remembered per partition, to count those that come again
        pub remembered_events: usize = with_default("COUNT", "10000", form::count(1..=1_000_000)),
        /// How far back the topics are read at the start, for what was known before
        pub read_back: Duration = with_default("DURATION", "26h", form::duration(Duration::ZERO..=MONTH)),
        /// How many records of each partition are read back at most, the newest ones
        pub read_back_records: u64 = with_default("COUNT", "2000", form::count(0..=1_000_000)),
    }
}

impl Default for MetricsSettings {
    /// The defaults of `--help`.
    fn default() -> Self {
        defaults(Self::declare, Self::read)
    }
}

fn accounts() -> Form<BTreeSet<String>> {
    let expected = format!(
        "at most {MOST_ACCOUNTS} ids such as 17841405726653026, separated by commas, or @FILE with one a line"
    );
    Form::new(expected, |value| {
        let text = list(value).ok()?;
        let ids: BTreeSet<String> = ids(&text).map(str::to_owned).collect();
        let is_good = !ids.is_empty() && ids.len() <= MOST_ACCOUNTS && ids.iter().all(|id| is_id(id));
        is_good.then_some(ids)
    })
    .because(|value| match list(value) {
        Ok(_) if value.contains('/') && !value.trim().starts_with('@') => Some(String::from(
            "a folder of accounts is what weir-lookups and weir-replies take by this name: give weir-metrics a value of its own, or none",
        )),
        Err(why) => Some(why),
        Ok(text) => ids(&text).find(|id| !is_id(id)).map(|id| format!("{id:?} is no id")),
    })
}

fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|id| !id.is_empty())
}

/// The ids as they are given, or those of the file that is.
fn list(value: &str) -> Result<String, String> {
    let Some(path) = value.trim().strip_prefix('@') else { return Ok(value.to_owned()) };
    let content = read_regular(Path::new(path), LARGEST_FILE).map_err(|fault| fault.to_string())?;
    String::from_utf8(trimmed(content)).map_err(|_| String::from("it is no text"))
}

/// As `metaaccount` is written.
fn is_id(id: &str) -> bool {
    id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process;

    fn read(arguments: &[&str]) -> Result<MetricsSettings, String> {
        let command = process::command(crate::ABOUT, MetricsSettings::declare);
        let always = ["weir-metrics", "--brokers", "kafka:9092"];
        let matches = command.clone().get_matches_from(always.iter().chain(arguments));
        process::settings(&command, &matches, MetricsSettings::read)
            .map(|(_, settings)| settings)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn brokers_are_all_that_must_be_given() {
        assert_eq!(read(&[]), Ok(MetricsSettings::default()));
    }

    #[test]
    fn accounts_are_given_in_a_list_or_in_a_file() {
        let ids = BTreeSet::from(["1784".to_owned(), "204".to_owned()]);
        assert_eq!(read(&["--accounts", "204, 1784,204"]).map(|settings| settings.accounts), Ok(ids.clone()));
        let file = std::env::temp_dir().join(format!("weir-accounts-{}", std::process::id()));
        std::fs::write(&file, "\u{feff}1784\n\n204\n").unwrap();
        let given = format!("@{}", file.display());
        assert_eq!(read(&["--accounts", &given]).map(|settings| settings.accounts), Ok(ids));
        std::fs::remove_file(&file).unwrap();
        let problem = read(&["--accounts", &given]).unwrap_err();
        assert!(problem.contains("--accounts (flag)") && problem.contains("@FILE"), "{problem}");
        assert!(problem.contains("(it cannot be read: No such file"), "{problem}");
    }

    #[test]
    fn what_is_out_of_bounds_is_explained_all_at_once() {
        let many: Vec<String> = (0..=MOST_ACCOUNTS).map(|id| id.to_string()).collect();
        for bad in ["a b", "x\"y", &many.join(",")] {
            assert!(read(&["--accounts", bad]).is_err(), "{bad}");
        }
        let problem = read(&["--accounts", "/etc/weir/accounts"]).unwrap_err();
        assert!(problem.contains("a folder of accounts is what weir-lookups"), "{problem}");
        let problem = read(&["--accounts", "1784,a b,204"]).unwrap_err();
        assert!(problem.contains("(\"a b\" is no id)"), "{problem}");
        let problems =
            read(&["--open-conversations", "0", "--read-back", "1", "--accounts", ";"]).unwrap_err();
        assert_eq!(problems.lines().count(), 3, "{problems}");
    }
}
