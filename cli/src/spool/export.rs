//! `weir spool export`: whole deliveries as JSON lines.

use super::record;
use super::settings::{ExportSettings, which};
use crate::screen::Screen;
use crate::tool::{Exit, Result, cut_off};
use weir_ingest::spool::inspect::Inspector;

pub(super) fn run(settings: &ExportSettings, screen: &mut Screen) -> Result<Exit> {
    screen.is_all_that_is_done();
    let mut inspector = Inspector::new(&settings.location.directory);
    for stored in inspector.deliveries(which(settings.set_aside)) {
        // What was cut off looks as if it were all there is.
        screen.json(&record::whole(&stored?)).map_err(cut_off)?;
    }
    Ok(Exit::Done)
}
