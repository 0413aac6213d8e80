//! `weir media forget`: deletes what weir-media saved of one person.

use crate::screen::{Screen, counted};
use crate::tool::settings::{flag, meta_id, settings, switch};
use crate::tool::{Exit, Result, Session, Work, tool, work};
use runtime::settings::form;
use std::path::PathBuf;
use weir_media::forget::{self, SavedObjects};
use weir_media::settings::StoreSettings;
use weir_media::store::{Store, StoreUrl};

tool! {
    /// Delete what was saved of attachments
    pub(crate) const TOOL: "media" = Work::Tools(&[FORGET]);
}

tool! {
    /// Show what was saved of one person, and delete it with --apply
    ///
    /// Lists every object that weir-media saved of one person, and with --apply deletes them: pictures, films, sounds and files, and
    /// the records beside them. --user is the id of the customer, the second part of the key of the records; of what comments and
    /// mentions are about it is the id of the media. Messages that come later are saved again, and so is what weir-media has not read
    /// yet: let it catch up first.
    ///
    /// Copies of a bucket, older versions of its objects, uploads that were not finished (in a folder, files below incoming/) and
    /// backups are yours to delete. The records of meta.media.v1 go with their time.
    ///
    /// Exit code 0: nothing is saved, or it was deleted; 1: the store refused something, and it can be run again; 3: there is
    /// something, which stays without --apply.
    ///
    /// Examples:
    ///   weir media forget --media-store s3://media/weir --account 17841405726653026 --user 6837251906428371
    ///   weir media forget --media-store s3://media/weir --account 17841405726653026 --user 6837251906428371 --apply
    const FORGET: "forget" = work!(ForgetSettings, run);
}

settings! {
    /// What `weir media forget` can be asked for.
    pub(crate) struct ForgetSettings {
        /// Where media is saved: the --media-store of weir-media, with the same credentials in the environment
        media_store: StoreUrl = flag("media-store", "URL", StoreUrl::form()).env("WEIR_MEDIA_STORE").required(),
        /// PEM file of certificates that are trusted beside Mozilla's list where the store is asked over HTTPS
        media_store_ca: Option<PathBuf> = flag("media-store-ca", "FILE", form::file()).env("WEIR_MEDIA_STORE_CA").optional(),
        /// The account or page that the person wrote to
        account: String = meta_id("account").required(),
        /// The person, by the id that is `from` of an inbox record
        user: String = meta_id("user").required(),
        /// Delete it
        apply: bool = switch("apply"),
    }
}

fn run(settings: &ForgetSettings, screen: &mut Screen) -> Result<Exit> {
    let session = Session::start()?;
    let ForgetSettings { media_store, media_store_ca, .. } = settings.clone();
    let store = Store::open(&StoreSettings { media_store, media_store_ca, media_tags: false })?;
    let found = session.wait(forget::find(&store, &settings.account, &settings.user))?;
    for key in &found.keys {
        screen.line(key)?;
    }
    if found == SavedObjects::default() {
        screen.line("Nothing is saved of them.")?;
        return Ok(Exit::Done);
    }
    let what = format!("{} of {} bytes", counted(found.keys.len() as u64, "object", "objects"), found.bytes);
    if !settings.apply {
        screen.line(format!("{what} are saved of them. --apply deletes them."))?;
        return Ok(Exit::Findings);
    }
    session.wait(forget::delete(&store, &found))?;
    screen.line(format!("{what} were deleted."))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn settings(place: &tempfile::TempDir, apply: bool) -> ForgetSettings {
        let media_store = StoreUrl::parse(&format!("file://{}", place.path().display())).unwrap();
        let (account, user) = ("1784".to_owned(), "99".to_owned());
        ForgetSettings { media_store, media_store_ca: None, account, user, apply }
    }

    #[test]
    fn a_plan_deletes_nothing_and_what_is_applied_leaves_everybody_else_alone() {
        let place = tempfile::tempdir().unwrap();
        for folder in ["1784/99", "1784/98"] {
            fs::create_dir_all(place.path().join(folder)).unwrap();
            fs::write(place.path().join(folder).join("ab"), "a picture").unwrap();
            fs::write(place.path().join(folder).join("ab.json"), "{}").unwrap();
        }
        let mut screen = Screen::plain(std::io::sink());
        let there = || fs::read_dir(place.path().join("1784/99")).map_or(0, Iterator::count);
        assert_eq!(run(&settings(&place, false), &mut screen).unwrap(), Exit::Findings);
        assert_eq!(there(), 2);
        assert_eq!(run(&settings(&place, true), &mut screen).unwrap(), Exit::Done);
        assert_eq!(there(), 0);
        assert_eq!(run(&settings(&place, false), &mut screen).unwrap(), Exit::Done);
        assert_eq!(fs::read_dir(place.path().join("1784/98")).unwrap().count(), 2);
    }

    #[test]
    fn what_is_applied_is_done_though_nobody_reads_the_list() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("1784/99")).unwrap();
        fs::write(place.path().join("1784/99/ab"), "a picture").unwrap();
        let (gone, pipe) = std::io::pipe().unwrap();
        drop(gone);
        let exit = run(&settings(&place, true), &mut Screen::plain(pipe)).unwrap();
        assert_eq!(exit, Exit::Done);
        assert!(!place.path().join("1784/99/ab").exists());
    }
}
