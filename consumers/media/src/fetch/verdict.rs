//! What the status of an answer means.

/// What to do about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its body is what was asked for.
    Body,
    /// It is elsewhere.
    Elsewhere,
    /// The link has died: Meta's CDNs answer 403 to one whose time is over or whose signature is of another link, and 404 or 410
    /// where the media is gone.
    Gone,
    /// Another time it may work.
    Again,
    /// It will never work.
    Never,
}

impl Verdict {
    pub(super) const fn of(status: u16) -> Self {
        match status {
            200 => Self::Body,
            301 | 302 | 303 | 307 | 308 => Self::Elsewhere,
            403 | 404 | 410 => Self::Gone,
            408 | 425 | 429 | 500..=599 => Self::Again,
            _ => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_means_what_can_be_done_about_it() {
        for (status, verdict) in [
            (200, Verdict::Body),
            (302, Verdict::Elsewhere),
            (304, Verdict::Never),
            (403, Verdict::Gone),
            (404, Verdict::Gone),
            (410, Verdict::Gone),
            (429, Verdict::Again),
            (503, Verdict::Again),
            (204, Verdict::Never),
            (206, Verdict::Never),
            (401, Verdict::Never),
        ] {
            assert_eq!(Verdict::of(status), verdict, "{status}");
        }
    }
}
