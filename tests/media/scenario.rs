//! The scenarios, and what is seen of each.

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;
use tempfile::TempDir;

use crate::Arguments;
use crate::meter::Spent;
use crate::outcomes::Outcomes;
use crate::place::Place;
use crate::scenarios::{away, hostile, large, processes, steady};
use crate::store::{Sort, Store};

/// The limit of memory of `k8s/components/media`, in MiB.
const LIMIT: u64 = 384;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    Load,
    Large,
    Killed,
    Rebalance,
    StoreAway,
    Hostile,
}

pub(crate) struct Seen {
    pub(crate) outcomes: Outcomes,
    pub(crate) spent: Spent,
    /// What only this scenario tells.
    pub(crate) note: String,
    /// What must not be; nothing where it held.
    pub(crate) failures: Vec<String>,
}

impl Scenario {
    pub(crate) const ALL: [Self; 6] =
        [Self::Load, Self::Large, Self::Killed, Self::Rebalance, Self::StoreAway, Self::Hostile];

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Load => "pictures of 20 KiB at a steady rate; 99.9 % are saved within a minute of receipt",
            Self::Large => {
                "films of 2 GiB: refused by `--media-max-bytes` whether their length is said or not, and saved in the folder by a process whose limit is higher; memory stays as it is"
            }
            Self::Killed => {
                "three times in the middle of it the process is killed with SIGKILL and started again"
            }
            Self::Rebalance => {
                "a second process joins in the middle of it, saves its part and ends in good order"
            }
            Self::StoreAway => {
                "the store is taken away while events come and is brought back; all is saved afterwards"
            }
            Self::Hostile => {
                "between 1,000 pictures, 20 times each: an answer that stalls, ends early, is endless, too large, packed, a page that is said to be a picture, 403, 500, and redirects to 169.254.169.254, to http and without end; each has the outcome that it should have"
            }
        }
    }

    /// Plays it, with a broker, a CDN and a store of its own. A folder is among the `kept` afterwards.
    pub(crate) async fn play(self, arguments: &Arguments, kept: &mut Vec<TempDir>) -> Result<Seen> {
        // A server that keeps all in memory is no place for films.
        let sort = if self == Self::Large { Sort::Folder } else { arguments.store };
        let mut place = Place::prepare(sort, arguments).await?;
        let mut seen = match self {
            Self::Load => steady::play(&place, arguments).await,
            Self::Large => large::play(&place).await,
            Self::Killed => processes::killed(&place, arguments.rate).await,
            Self::Rebalance => processes::joined(&place, arguments.rate).await,
            Self::StoreAway => away::play(&mut place, arguments).await,
            Self::Hostile => hostile::play(&place).await,
        }?;
        if let Store::Folder(dir) = place.store {
            kept.push(dir);
        }
        seen.failures.extend(seen.outcomes.failures());
        if seen.spent.peak > LIMIT {
            seen.failures.push(format!("{} MiB of memory, where {LIMIT} are allowed", seen.spent.peak));
        }
        Ok(seen)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        formatter.write_str(&name.unwrap_or_default())
    }
}
