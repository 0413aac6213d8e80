//! The settings of `weir-metrics` beside the common ones.

use runtime::secret_files::read_regular;
use runtime::settings::{Form, Reader, form};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Each makes some series, which Prometheus keeps for as long as it keeps anything.
const MOST_ACCOUNTS: usize = 1_000;

/// A file of that many ids of the longest is smaller.
const LARGEST_FILE: u64 = 1 << 20;

/// The flags of `weir-metrics` beside the common ones.
#[derive(Clone, Debug, clap::Args)]
pub struct MetricsArgs {
    /// Accounts and pages with metrics of their own, by id, separated by commas; or @FILE with one a line
    #[arg(long, env = "WEIR_ACCOUNTS", value_name = "ID,…|@FILE")]
    pub accounts: Option<String>,
    /// Accounts that are told apart to count them, per process
    #[arg(long, env = "WEIR_SEEN_ACCOUNTS", value_name = "COUNT", default_value = "10000")]
    pub seen_accounts: Option<String>,
    /// Conversations that may wait for an answer, per partition; beyond it the one that waits longest is given up
    #[arg(long, env = "WEIR_OPEN_CONVERSATIONS", value_name = "COUNT", default_value = "10000")]
    pub open_conversations: Option<String>,
    /// How long an answer is waited for
    #[arg(long, env = "WEIR_RESPONSE_WINDOW", value_name = "DURATION", default_value = "24h")]
    pub response_window: Option<String>,
    /// Events remembered per partition, to count those that come again
    #[arg(long, env = "WEIR_REMEMBERED_EVENTS", value_name = "COUNT", default_value = "10000")]
    pub remembered_events: Option<String>,
    /// How far back the topics are read at the start, for what was known before
    #[arg(long, env = "WEIR_READ_BACK", value_name = "DURATION", default_value = "26h")]
    pub read_back: Option<String>,
    /// How many records of each partition are read back at most, the newest ones
    #[arg(long, env = "WEIR_READ_BACK_RECORDS", value_name = "COUNT", default_value = "2000")]
    pub read_back_records: Option<String>,
}

/// The checked values of [`MetricsArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Accounts and pages with metrics of their own.
    pub accounts: BTreeSet<String>,
    /// How many accounts are told apart.
    pub seen_accounts: usize,
    /// How many conversations may wait for an answer, per partition.
    pub open_conversations: usize,
    /// How long an answer is waited for.
    pub response_window: Duration,
    /// How many events are remembered per partition.
    pub remembered_events: usize,
    /// How far back the topics are read at the start.
    pub read_back: Duration,
    /// How many records of each partition are read back at most.
    pub read_back_records: u64,
}

impl Default for MetricsSettings {
    /// The defaults of `--help`.
    fn default() -> Self {
        Self {
            accounts: BTreeSet::new(),
            seen_accounts: 10_000,
            open_conversations: 10_000,
            response_window: Duration::from_hours(24),
            remembered_events: 10_000,
            read_back: Duration::from_hours(26),
            read_back_records: 2_000,
        }
    }
}

impl MetricsSettings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(_: &MetricsArgs, reader: &mut Reader<'_>) -> Option<Self> {
        let is_given = reader.is_set("accounts");
        let accounts = reader.optional("accounts", &accounts());
        let mut count = |id: &str, most| {
            let count = reader.required(id, &form::count(1..=most));
            count.and_then(|count| usize::try_from(count).ok())
        };
        let seen_accounts = count("seen_accounts", 1_000_000);
        let open_conversations = count("open_conversations", 1_000_000);
        let remembered_events = count("remembered_events", 1_000_000);
        let duration = |from| form::duration(Duration::from_secs(from)..=Duration::from_hours(30 * 24));
        let response_window = reader.required("response_window", &duration(60));
        let read_back = reader.required("read_back", &duration(0));
        let read_back_records = reader.required("read_back_records", &form::count(0..=1_000_000));
        Some(Self {
            accounts: if is_given { accounts? } else { BTreeSet::new() },
            seen_accounts: seen_accounts?,
            open_conversations: open_conversations?,
            response_window: response_window?,
            remembered_events: remembered_events?,
            read_back: read_back?,
            read_back_records: read_back_records?,
        })
    }
}

fn accounts() -> Form<BTreeSet<String>> {
    let expected = format!(
        "at most {MOST_ACCOUNTS} ids such as 17841405726653026, separated by commas, or @FILE with one a line"
    );
    Form::new(expected, |value| {
        let text = match value.trim().strip_prefix('@') {
            Some(path) => String::from_utf8(read_regular(Path::new(path), LARGEST_FILE).ok()?).ok()?,
            None => value.to_owned(),
        };
        let ids: BTreeSet<String> =
            text.split([',', '\n']).map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let is_good = !ids.is_empty() && ids.len() <= MOST_ACCOUNTS && ids.iter().all(|id| is_id(id));
        is_good.then_some(ids)
    })
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
        let command = process::command::<MetricsArgs>(crate::ABOUT);
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
        std::fs::write(&file, "1784\n\n204\n").unwrap();
        let given = format!("@{}", file.display());
        assert_eq!(read(&["--accounts", &given]).map(|settings| settings.accounts), Ok(ids));
        std::fs::remove_file(&file).unwrap();
        let problem = read(&["--accounts", &given]).unwrap_err();
        assert!(problem.contains("--accounts (flag)") && problem.contains("@FILE"), "{problem}");
    }

    #[test]
    fn what_is_out_of_bounds_is_explained_all_at_once() {
        let many: Vec<String> = (0..=MOST_ACCOUNTS).map(|id| id.to_string()).collect();
        for bad in ["a b", "x\"y", &many.join(",")] {
            assert!(read(&["--accounts", bad]).is_err(), "{bad}");
        }
        let problems =
            read(&["--open-conversations", "0", "--read-back", "1", "--accounts", ";"]).unwrap_err();
        assert_eq!(problems.lines().count(), 3, "{problems}");
    }
}
