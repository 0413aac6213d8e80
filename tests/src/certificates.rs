//! Certificates for a test, and the authorities that issue them.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, date_time_ymd};

/// How long a certificate lasts in all; clocks need not agree to the second.
const LASTS: Duration = Duration::from_hours(90 * 24);

/// Of a server or a client: who it is, the names that it is for, and until when.
pub(crate) fn params(subject: &str, names: &[&str], ends: SystemTime) -> Result<CertificateParams> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, subject);
    let ends = ends.duration_since(SystemTime::UNIX_EPOCH).context("a clock before 1970")?;
    params.not_before = date_time_ymd(1970, 1, 1) + ends.saturating_sub(LASTS);
    params.not_after = date_time_ymd(1970, 1, 1) + ends;
    Ok(params)
}

/// Of an authority.
pub(crate) fn authority(subject: &str, ends: SystemTime) -> Result<CertificateParams> {
    let mut params = params(subject, &[], ends)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(params)
}
