//! The pages of a file and of its log as they lie on the disk, and the rows that go on over several.

use super::super::database::{PAGE_BYTES, StoredRow};
use super::super::files;
use super::record::{self, Cell, PAGE};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How often a read is tried before the disk is taken at its word.
const TRIES: u32 = 3;
/// The log: a header, then frames, each with a header of its own (<https://sqlite.org/fileformat.html>, "The WAL File").
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
const FRAME: u64 = FRAME_HEADER + PAGE_BYTES;

/// All images of pages by their numbers: those of the log, the latest first, then those of the file, which are older.
pub(super) struct Images {
    file: File,
    pages: u32,
    log: Option<File>,
    frames: u32,
    /// The pages that the log has, each with its image; in order, the latest first.
    in_log: Vec<(u32, u32)>,
    /// Whether every page and frame could be read.
    pub(super) is_complete: bool,
}

impl Images {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = files::open_existing(path)?;
        let log = files::found(files::open_existing(&files::with_suffix(path, "-wal")))?;
        let pages = u32::try_from(file.metadata()?.len().div_ceil(PAGE_BYTES)).unwrap_or(u32::MAX);
        let log_bytes = if let Some(log) = &log { log.metadata()?.len() } else { 0 };
        let frames = u32::try_from(log_bytes.saturating_sub(LOG_HEADER) / FRAME).unwrap_or(u32::MAX);
        let mut images = Self { file, pages, log, frames, in_log: Vec::new(), is_complete: true };
        let Some(log) = &images.log else { return Ok(images) };
        // As they lie on the disk, the oldest first.
        for image in (0..frames).rev() {
            // The page's number.
            let mut header = [0; 4];
            match tried(|| log.read_exact_at(&mut header, images.header_of(image))) {
                Ok(()) => images.in_log.push((u32::from_be_bytes(header), image)),
                Err(_) => images.is_complete = false,
            }
        }
        images.in_log.sort_unstable();
        Ok(images)
    }

    pub(super) const fn count(&self) -> u32 {
        self.frames.saturating_add(self.pages)
    }

    /// The image of a page in the file.
    const fn in_file(&self, page: u32) -> u32 {
        self.frames.saturating_add(page.saturating_sub(1))
    }

    /// A page; what is beyond the end of the file is zeros.
    pub(super) fn read(&self, image: u32) -> io::Result<Vec<u8>> {
        let (file, mut offset) = match &self.log {
            Some(log) if image < self.frames => (log, self.header_of(image) + FRAME_HEADER),
            _ => (&self.file, u64::from(image - self.frames) * PAGE_BYTES),
        };
        let mut page = vec![0; PAGE];
        let mut read = 0;
        while read < PAGE {
            match tried(|| file.read_at(&mut page[read..], offset))? {
                0 => break,
                count => (read, offset) = (read + count, offset + count as u64),
            }
        }
        Ok(page)
    }

    /// The row that begins at this place of an image, if it is what was written.
    pub(super) fn row(&self, image: u32, seq: i64, start: u16) -> io::Result<Option<StoredRow>> {
        let page = self.read(image)?;
        let is_it = |cell: &Cell| cell.seq == seq && cell.start == usize::from(start);
        let Some(cell) = record::cells(&page).into_iter().find(is_it) else { return Ok(None) };
        let intact = |image_of: &dyn Fn(u32) -> io::Result<u32>| {
            let payload = self.payload(&page, cell, image_of)?;
            let row = payload.and_then(|payload| record::row(cell.seq, &payload));
            Ok(row.filter(|stored| stored.row.is_intact()))
        };
        let beside = |page: u32| {
            if image < self.frames { self.of_generation(page, image) } else { Ok(self.newest(page)) }
        };
        let mut failed = None;
        let candidates: [&dyn Fn(u32) -> io::Result<u32>; 3] =
            [&beside, &|page| Ok(self.newest(page)), &|page| Ok(self.in_file(page))];
        for image_of in candidates {
            match intact(image_of) {
                Ok(None) => {}
                Ok(row) => return Ok(row),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    #[cfg(test)]
    pub(super) const fn bytes(&self) -> usize {
        self.in_log.capacity() * size_of::<(u32, u32)>()
    }

    fn newest(&self, page: u32) -> u32 {
        self.in_log_of(page).first().map_or(self.in_file(page), |(_, image)| *image)
    }

    /// The newest of those that belong to the same log as this one: behind them are frames of before.
    fn of_generation(&self, page: u32, own: u32) -> io::Result<u32> {
        let generation = self.generation(own)?;
        for (_, image) in self.in_log_of(page) {
            if self.generation(*image)? == generation {
                return Ok(*image);
            }
        }
        Ok(self.in_file(page))
    }

    fn in_log_of(&self, page: u32) -> &[(u32, u32)] {
        let start = self.in_log.partition_point(|(of, _)| *of < page);
        let count = self.in_log[start..].partition_point(|(of, _)| *of == page);
        &self.in_log[start..start + count]
    }

    /// The salts of a frame, the same in all frames since the log was last begun anew.
    fn generation(&self, image: u32) -> io::Result<[u8; 8]> {
        let log = self.log.as_ref().ok_or(ErrorKind::NotFound)?;
        let mut salts = [0; 8];
        tried(|| log.read_exact_at(&mut salts, self.header_of(image) + 8))?;
        Ok(salts)
    }

    /// Where the header of a frame is.
    fn header_of(&self, image: u32) -> u64 {
        LOG_HEADER + u64::from(self.frames - 1 - image) * FRAME
    }

    /// All of a payload, with the pages that it goes on in.
    fn payload(
        &self,
        page: &[u8],
        cell: Cell,
        image_of: &dyn Fn(u32) -> io::Result<u32>,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some((local, mut rest)) = cell.local(page) else { return Ok(None) };
        let mut payload = local.to_vec();
        while payload.len() < cell.bytes {
            let Some(next) = rest.filter(|page| *page > 0) else { return Ok(None) };
            let page = self.read(image_of(next)?)?;
            let wanted = (cell.bytes - payload.len()).min(PAGE - 4);
            payload.extend_from_slice(&page[4..4 + wanted]);
            rest = page.first_chunk().copied().map(u32::from_be_bytes);
        }
        Ok(Some(payload))
    }
}

/// What a disk that fails now and then gives at the second or third try.
fn tried<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut tries = 1;
    loop {
        match read() {
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => tries += 1,
            done => return done,
        }
    }
}
