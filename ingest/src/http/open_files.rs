//! Whether the system lets the process have as many connections as `--max-connections`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside connections of the public port: those to Kafka and of the admin port, the files of the spool and of secrets.
const OTHERS: u64 = 256;

/// Raises the limit of open files (`ulimit -n`) as far as `--max-connections` needs and the system allows: 1,024 is what many systems
/// begin with, and a pod cannot say another number. Says so where that is too little.
pub(crate) fn allow_for(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let needed = OTHERS.saturating_add(max_connections as u64);
    let Some(open_files) = to_set(&limit, needed) else { return };
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(open_files), ..limit });
    let open_files = if raised.is_ok() { Some(open_files) } else { limit.current };
    if open_files < Some(needed) {
        tracing::warn!(
            open_files,
            max_connections,
            "the system lets this process open fewer files (ulimit -n) than --max-connections needs: beyond them connections are evicted, \
             as at --max-connections; raise the limit, or lower --max-connections"
        );
    }
}

/// The limit to be set; `None` where it is high enough.
fn to_set(limit: &Rlimit, needed: u64) -> Option<u64> {
    let is_enough = limit.current.is_none_or(|current| current >= needed);
    (!is_enough).then(|| limit.maximum.map_or(needed, |maximum| maximum.min(needed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_is_needed_and_allowed() {
        let to_set = |current, maximum| to_set(&Rlimit { current, maximum }, 4_256);
        assert_eq!(to_set(Some(1_024), Some(524_288)), Some(4_256));
        assert_eq!(to_set(Some(1_024), Some(4_000)), Some(4_000));
        assert_eq!(to_set(Some(1_024), None), Some(4_256));
        for enough in [Some(4_256), Some(1 << 20), None] {
            assert_eq!(to_set(enough, None), None);
        }
    }
}
