//! `weir spool export`: whole deliveries as JSON lines.

use super::record;
use super::settings::ExportSettings;
use crate::{Exit, Screen, ToolError};
use weir_ingest::spool::inspect::Inspector;

pub(super) fn run(settings: &ExportSettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let mut inspector = Inspector::open(&settings.place.directory)?;
    for stored in inspector.deliveries(settings.which.clone()) {
        screen.line(record::whole(&stored?))?;
    }
    Ok(Exit::Done)
}
