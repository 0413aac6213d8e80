//! Finds rows that SQLite cannot reach any more, page by page in the file and in its log.
//!
//! Where an inner page of the tree is damaged, or the header of the file, the rows below it are intact. A row is accepted
//! by its digest alone, so nothing stale or torn is returned; one that was deleted may come back where it was in a gap, as
//! the same delivery with the same id.

use super::super::database::{PAGE_BYTES, StoredRow};
use super::super::error::StoreError;
use super::super::files;
use super::Range;
use super::missing::without;
use super::record::{self, Cell, PAGE};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// How often a read is tried before the disk is taken at its word.
const TRIES: u32 = 3;
/// The log: a header, then frames, each with a header of its own (<https://sqlite.org/fileformat.html>, "The WAL File").
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
const FRAME: u64 = FRAME_HEADER + PAGE_BYTES;

/// Rows that were found, one after the other.
#[derive(Debug)]
pub(super) struct Scan {
    images: Images,
    found: VecDeque<(Image, Cell)>,
    returned: HashSet<i64>,
    /// Whether every page could be read.
    pub(super) is_complete: bool,
}

/// A page as it is in the file, or in the log.
#[derive(Clone, Copy, Debug)]
enum Image {
    InFile(u32),
    InLog(Frame),
}

/// A frame of the log.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Where its page is.
    at: u64,
    /// Its salts, the same in all frames since the log was last begun anew: behind them are frames of before.
    generation: [u8; 8],
}

#[derive(Debug)]
struct Images {
    file: File,
    log: Option<File>,
    /// Where the log has a page, the latest last.
    frames: HashMap<u32, Vec<Frame>>,
    /// Whether every frame's header could be read.
    is_complete: bool,
}

impl Scan {
    /// Looks for rows whose `seq` is in `gaps`.
    pub(super) fn of(path: &Path, gaps: &[Range]) -> Result<Self, StoreError> {
        let (images, pages) = Images::open(path)?;
        let is_complete = images.is_complete;
        let mut scan = Self { images, found: VecDeque::new(), returned: HashSet::new(), is_complete };
        let in_log = scan.images.frames.values().flatten().copied().map(Image::InLog);
        let in_file = (1..=pages).map(Image::InFile);
        let all: Vec<Image> = in_log.chain(in_file).collect();
        let mut found = Vec::new();
        for image in all {
            match scan.images.read(image) {
                Ok(page) => {
                    let cells = record::cells(&page).into_iter();
                    let is_missing = |cell: &Cell| gaps.iter().any(|gap| gap.contains(&cell.seq));
                    found.extend(cells.filter(is_missing).map(|cell| (image, cell)));
                }
                Err(_) => scan.is_complete = false,
            }
        }
        found.sort_by_key(|(image, cell)| (cell.seq, image.age()));
        scan.found = found.into();
        Ok(scan)
    }

    /// The next of them, in their order; none at the end.
    pub(super) fn next(&mut self, rows: usize, bytes: u64) -> Vec<StoredRow> {
        let (mut rows_found, mut read) = (Vec::new(), 0);
        while rows_found.len() < rows
            && read < bytes
            && let Some((image, cell)) = self.found.pop_front()
        {
            if self.returned.contains(&cell.seq) {
                continue;
            }
            match self.images.row(image, cell) {
                Ok(Some(row)) => {
                    self.returned.insert(cell.seq);
                    read += row.row.cost();
                    rows_found.push(row);
                }
                Ok(None) => {}
                // It may be whole: whoever asks has to come back.
                Err(_) => self.is_complete = false,
            }
        }
        rows_found
    }

    pub(super) fn has_returned(&self, seq: i64) -> bool {
        self.returned.contains(&seq)
    }

    /// The parts of a gap of which nothing was returned.
    pub(super) fn not_returned(&self, gap: &Range) -> Vec<Range> {
        without(gap, self.returned.iter().map(|seq| *seq..=*seq))
    }
}

impl Image {
    /// What the log has is newer than the file, the later the newer.
    const fn age(self) -> u64 {
        match self {
            Self::InFile(_) => u64::MAX,
            Self::InLog(frame) => u64::MAX - 1 - frame.at,
        }
    }
}

impl Images {
    /// The files, and how many pages there are.
    fn open(path: &Path) -> io::Result<(Self, u32)> {
        let open = |path: &Path| OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path);
        let file = open(path)?;
        let log = match open(&files::with_suffix(path, "-wal")) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            log => Some(log?),
        };
        let pages = u32::try_from(file.metadata()?.len().div_ceil(PAGE_BYTES)).unwrap_or(u32::MAX);
        let mut images = Self { file, log, frames: HashMap::new(), is_complete: true };
        images.find_frames()?;
        Ok((images, pages))
    }

    fn find_frames(&mut self) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let end = log.metadata()?.len();
        let mut offset = LOG_HEADER;
        while offset + FRAME <= end {
            // The page's number, the size of the database, two salts.
            let mut header = [0; 16];
            match tried(|| log.read_exact_at(&mut header, offset)) {
                Ok(()) => {
                    let (page, generation) = (&header[..4], &header[8..]);
                    let page = page.try_into().map(u32::from_be_bytes).unwrap_or_default();
                    let generation = generation.try_into().unwrap_or_default();
                    let frame = Frame { at: offset + FRAME_HEADER, generation };
                    self.frames.entry(page).or_default().push(frame);
                }
                Err(_) => self.is_complete = false,
            }
            offset += FRAME;
        }
        Ok(())
    }

    /// A page; what is beyond the end of the file is zeros.
    fn read(&self, image: Image) -> io::Result<Vec<u8>> {
        let (file, mut offset) = match image {
            Image::InFile(page) => (Some(&self.file), (u64::from(page) - 1) * PAGE_BYTES),
            Image::InLog(frame) => (self.log.as_ref(), frame.at),
        };
        let file = file.ok_or(ErrorKind::NotFound)?;
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

    /// The row of a cell, if it is what was written.
    fn row(&self, image: Image, cell: Cell) -> io::Result<Option<StoredRow>> {
        let page = self.read(image)?;
        let of_generation = |page: u32, is_it: &dyn Fn(&Frame) -> bool| {
            let frames = self.frames.get(&page).into_iter().flatten();
            frames.rev().find(|frame| is_it(frame)).map_or(Image::InFile(page), |frame| Image::InLog(*frame))
        };
        let newest = |page: u32| of_generation(page, &|_| true);
        let beside = |page: u32| match image {
            Image::InLog(own) => of_generation(page, &|frame| frame.generation == own.generation),
            Image::InFile(_) => newest(page),
        };
        let intact = |image_of: &dyn Fn(u32) -> Image| {
            let payload = self.payload(&page, cell, image_of)?;
            let row = payload.and_then(|payload| record::row(cell.seq, &payload));
            Ok(row.filter(|stored| stored.row.is_intact()))
        };
        let mut failed = None;
        let candidates: [&dyn Fn(u32) -> Image; 3] = [&beside, &newest, &Image::InFile];
        for image_of in candidates {
            match intact(image_of) {
                Ok(None) => {}
                Ok(row) => return Ok(row),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// All of a payload, with the pages that it goes on in.
    fn payload(
        &self,
        page: &[u8],
        cell: Cell,
        image_of: &dyn Fn(u32) -> Image,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some((local, mut rest)) = cell.local(page) else { return Ok(None) };
        let mut payload = local.to_vec();
        while payload.len() < cell.bytes {
            let Some(next) = rest.filter(|page| *page > 0) else { return Ok(None) };
            let page = self.read(image_of(next))?;
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
