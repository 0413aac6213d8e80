//! The attacks, and what is measured of each.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use tokio::runtime::Handle;
use weir_tests::machine;
use weir_tests::oracle::Lap;
use weir_tests::vitals::{Vitals, Watch};

use crate::attacks;
use crate::attacks::signatures::{AT_ONCE, FEW, MANY, TURNS, TURNS_OF_NEW};
use crate::attacks::tenants;
use crate::target::Target;

/// Not measured: the first answers of a process and of a broker take longest.
const WARM_UP: Duration = Duration::from_secs(10);
/// Before an attack, so that there is something to compare with.
const ALONE: Duration = Duration::from_secs(15);
/// After it, until memory has to be back.
const AFTER: Duration = Duration::from_secs(30);
/// What an answer may take beyond the usual, in times and in time: the attacker's own work is done on the same cores.
const TIMES: u32 = 4;
const MORE: Duration = Duration::from_millis(50);
/// The same where one account sends much, and what a core that others use adds by itself.
const TIMES_OF_NEIGHBOUR: u32 = 2;
const MORE_OF_NEIGHBOUR: Duration = Duration::from_millis(10);
/// The part of the honest deliveries that is answered while an attack lasts, at least; the last ones come after it.
const ANSWERED: f64 = 0.8;
/// What a process may keep of an attack, in MiB.
const KEPT: u64 = 96;
/// Lines that it may log of one: a place in the code writes 20 a minute at most, and few have something to say.
const LOGGED: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    Flood,
    LargeWithoutKafka,
    AdminSilent,
    AdminUnread,
    ManySecrets,
    ManyTurns,
    ManyTurnsOfNew,
    ManyAtOnce,
    Replay,
    TwoPackets,
    ManyHolders,
    SpoolFolder,
    SecretFolder,
    Amplified,
    Neighbour,
    LargeNeighbour,
    ManyLarge,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The honest sender's answers before, during and after.
    pub(crate) laps: [Lap; 3],
    pub(crate) before: Vitals,
    pub(crate) peak: Vitals,
    pub(crate) after: Vitals,
    /// Cores that were busy with it.
    pub(crate) cores: f64,
    /// The same in the time after it.
    pub(crate) cores_after: f64,
    /// Lines that it logged, until the time after it was over.
    pub(crate) logged: usize,
    /// Whether it had the limit of memory of `k8s/base`.
    pub(crate) is_limited: bool,
    /// What only this attack tells.
    pub(crate) note: String,
    /// What must not be; nothing where it held.
    pub(crate) harm: Vec<String>,
}

/// What an attack tells: a note, and what must not be.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) note: String,
    pub(crate) harm: Vec<String>,
}

impl Attack {
    pub(crate) const ALL: [Self; 17] = [
        Self::Flood,
        Self::LargeWithoutKafka,
        Self::AdminSilent,
        Self::AdminUnread,
        Self::ManySecrets,
        Self::ManyTurns,
        Self::ManyTurnsOfNew,
        Self::ManyAtOnce,
        Self::Replay,
        Self::TwoPackets,
        Self::ManyHolders,
        Self::SpoolFolder,
        Self::SecretFolder,
        Self::Amplified,
        Self::Neighbour,
        Self::LargeNeighbour,
        Self::ManyLarge,
    ];

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Flood => {
                "three rounds of up to 9,000 connections without a signature: half heads of 16 KB, 95 headers, chunked bodies"
            }
            Self::LargeWithoutKafka => {
                "Kafka is stopped, and eight senders post signed bodies of 3.8 MB for 20 s"
            }
            Self::AdminSilent => "64 connections to the admin port that send nothing, opened again for 40 s",
            Self::AdminUnread => {
                "70 connections to the admin port ask for /metrics again and again and never read, for 40 s"
            }
            Self::ManySecrets => {
                "51 app secrets, and four senders post bodies of 4 MiB with a wrong signature for 20 s"
            }
            Self::ManyTurns => {
                "51 app secrets, and 400 connections post bodies of 6 KB with a wrong signature for 20 s; a second honest app posts beside the first"
            }
            Self::ManyTurnsOfNew => {
                "the same with bodies of 5,000 bytes; the second honest app is first seen during the crowd, and a secret is added in the middle of it"
            }
            Self::ManyAtOnce => {
                "the same with bodies of 600 bytes, small enough to be hashed at once with the 50 other secrets: 32 KiB for all of them"
            }
            Self::Replay => {
                "one captured delivery is posted on 9,950 connections, more than twice `--max-connections`, none of which the attacker closes; an honest sender connects anew"
            }
            Self::TwoPackets => {
                "20 connections hold 4 MiB each with a wrong signature; six honest bodies come in two packets 300 ms apart"
            }
            Self::ManyHolders => {
                "3,000 connections hold 22 KB each with a wrong signature, just less than an equal part; six honest bodies come in two packets 300 ms apart"
            }
            Self::SpoolFolder => {
                "names of the spool's folder are links to another file, its lock is removed, everybody may write it"
            }
            Self::SecretFolder => {
                "a pipe and links to /dev/zero and /proc/self/environ among 51 app secrets, one of which is taken away"
            }
            Self::Amplified => {
                "four senders post signed bodies of 30 KB for 20 s whose records each repeat an account of 128 digits, as many events as are allowed"
            }
            Self::Neighbour => "one account sends 50 times what the others do, signed, for 20 s",
            Self::LargeNeighbour => {
                "one account sends bodies of 3.8 MB from four senders, signed, for 20 s, with Kafka up"
            }
            Self::ManyLarge => {
                "one account sends bodies of 4 MiB from 20 senders, signed, for 20 s: more than is taken of bodies at once; how long the others wait is not judged, that they are answered 200 is"
            }
        }
    }

    /// Makes it, against a process of its own, while so many honest deliveries a second are sent from another runtime.
    pub(crate) async fn make(self, rate: u32, honest: &Handle) -> Result<Outcome> {
        let secrets = if self.needs_secrets() { 51 } else { 1 };
        let mut target = Target::start(secrets).await?;
        let load = {
            let _elsewhere = honest.enter();
            target.oracle.load(&target.sender, rate)
        };
        tokio::time::sleep(WARM_UP).await;
        let begin = Instant::now();
        tokio::time::sleep(ALONE).await;
        let (before, pid) = (target.vitals()?, target.ingest.process.pid());
        let (is_limited, written) = (machine::limits_memory_of(pid), target.log_lines()?);
        let (watch, start) = (Watch::of(pid), Instant::now());
        let told = self.strike(&mut target, rate).await;
        let (peak, took) = (watch.end().await?, start.elapsed());
        let (over, at_end) = (Instant::now(), target.vitals().unwrap_or_default());
        tokio::time::sleep(AFTER).await;
        let cores_after = cores(target.vitals().unwrap_or_default() - at_end, over.elapsed());
        let end = Instant::now();
        // Those that waited longest are answered by then.
        load.stop().await?;
        let laps = [begin..start, start..over, over..end].map(|time| target.oracle.lap_within(time));
        let Told { note, mut harm } = told.unwrap_or_else(|error| Told {
            note: String::new(),
            harm: vec![format!("not made to its end: {error:#}")],
        });
        let (after, restarted) = (target.vitals(), target.ingest.process.pid() != pid);
        let logged = target.log_lines()?.saturating_sub(written);
        if logged > LOGGED {
            harm.push(format!("{logged} lines were logged"));
        }
        if after.is_err() {
            harm.push("the process is gone".to_owned());
        } else if self != Self::SpoolFolder {
            // Who may write the spool's folder may also remove what is in it.
            match target.lost().await {
                Ok(0) => {}
                Ok(lost) => harm.push(format!("{lost} deliveries that were answered 200 are lost")),
                Err(error) => harm.push(format!("the spool did not drain: {error:#}")),
            }
        }
        let after = after.unwrap_or_default();
        if !restarted && after.memory > before.memory + KEPT {
            harm.push(format!("{} MiB were not given back", after.memory - before.memory));
        }
        self.judge(&laps, f64::from(rate) * took.as_secs_f64(), &mut harm);
        let cores = cores(peak - before, took);
        Ok(Outcome { laps, before, peak, after, cores, cores_after, logged, is_limited, note, harm })
    }

    const fn needs_secrets(self) -> bool {
        matches!(
            self,
            Self::ManySecrets
                | Self::ManyTurns
                | Self::ManyTurnsOfNew
                | Self::ManyAtOnce
                | Self::SecretFolder
        )
    }

    async fn strike(self, target: &mut Target, rate: u32) -> Result<Told> {
        match self {
            Self::Flood => attacks::floods::unsigned(target).await,
            Self::LargeWithoutKafka => attacks::floods::large_without_kafka(target).await,
            Self::AdminSilent => attacks::admin::silent(target).await,
            Self::AdminUnread => attacks::admin::unread(target).await,
            Self::ManySecrets => attacks::signatures::wrong(target).await,
            Self::ManyTurns => attacks::signatures::crowded(target, TURNS).await,
            Self::ManyTurnsOfNew => attacks::signatures::crowded(target, TURNS_OF_NEW).await,
            Self::ManyAtOnce => attacks::signatures::crowded(target, AT_ONCE).await,
            Self::Replay => attacks::signatures::replayed(target).await,
            Self::TwoPackets => attacks::signatures::two_packets(target, FEW).await,
            Self::ManyHolders => attacks::signatures::two_packets(target, MANY).await,
            Self::SpoolFolder => attacks::folder::of_spool(target).await,
            Self::SecretFolder => attacks::secrets::of_apps(target).await,
            Self::Amplified => tenants::amplified(target).await,
            Self::Neighbour => tenants::neighbour(target, rate).await,
            Self::LargeNeighbour => tenants::large(target, tenants::FOUR).await,
            Self::ManyLarge => tenants::large(target, tenants::TWENTY).await,
        }
    }

    /// What no attack may do to the honest sender.
    fn judge(self, [alone, during, after]: &[Lap; 3], due: f64, harm: &mut Vec<String>) {
        let kills = self == Self::SpoolFolder;
        let answered = f64::from(u32::try_from(during.answers.values().sum::<usize>()).unwrap_or(u32::MAX));
        if answered < due * ANSWERED && !kills {
            harm.push(format!("{answered} honest deliveries were answered, where {due:.0} were due"));
        }
        if !during.is_all_200() && !kills {
            harm.push(format!("honest deliveries: {:?}, {} unanswered", during.answers, during.unanswered));
        }
        if !after.is_all_200() && !kills {
            harm.push(format!(
                "honest deliveries after it: {:?}, {} unanswered",
                after.answers, after.unanswered
            ));
        }
        // Without Kafka the answer waits for it first, and behind so many bytes for those.
        let waits = kills || matches!(self, Self::LargeWithoutKafka | Self::ManyLarge);
        let usual = alone.p99.min(after.p99);
        let limit = match self {
            Self::Neighbour => usual * TIMES_OF_NEIGHBOUR + MORE_OF_NEIGHBOUR,
            _ => usual * TIMES + MORE,
        };
        if during.p99 > limit && !waits {
            harm.push(format!("p99 {:.1?} where {:.1?} is allowed", during.p99, limit));
        }
    }
}

fn cores(spent: Vitals, time: Duration) -> f64 {
    spent.cpu.as_secs_f64() / time.as_secs_f64()
}

impl fmt::Display for Attack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        formatter.write_str(&name.unwrap_or_default())
    }
}
