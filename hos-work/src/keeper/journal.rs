//! A file to which notes are appended in batches, each with its digest.
//!
//! `hosnotes/1 <generation>`, then batches: a line `<bytes> <digest>`, so many bytes, and a mark
//! once they were synced. A batch is notes, each after a line with its length.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use hos_core::checkpoint::Checkpoint;
use hos_core::digest::Digest;
use hos_core::epoch::split;
use hos_core::error::{Fault, FaultKind};
use hos_core::note::SignedNote;
use hos_core::seal::{CHECKPOINT_BYTES_MAX, KEPT_TOGETHER_MAX, KeptNote, overtaken};

use super::files;

/// How large a journal is at least before it is written anew, in bytes.
const COMPACTED_MIN: u64 = 1 << 22;
/// How many times as large as what is in force it is then.
const COMPACTED_TIMES: u64 = 4;
/// The longest line of a journal, in bytes.
const LINE_BYTES_MAX: usize = 96;
/// The longest batch, in bytes: notes with their lengths.
const BATCH_BYTES_MAX: usize = KEPT_TOGETHER_MAX * (CHECKPOINT_BYTES_MAX + 8);
const FORMAT: &str = "hosnotes/1";
/// What stands behind a batch that was synced, and nowhere else: no text has this byte.
const MARK: u8 = 0xff;
const SYNCED: &[u8; 1] = &[MARK];

/// The journal in a directory, as far as this process has read it.
#[derive(Debug)]
pub(super) struct Journal {
    directory: PathBuf,
    /// 0 before anything was read.
    generation: u64,
    /// How far it was read.
    end: u64,
    /// By the origin of the log without its epoch.
    notes: BTreeMap<String, Place>,
    /// The bytes of the notes in force.
    live: u64,
}

/// Where a log's last note is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Its epoch, and over how many entries it is.
    reached: (u64, u64),
    at: u64,
    length: usize,
}

impl Journal {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, generation: 0, end: 0, notes: BTreeMap::new(), live: 0 }
    }

    /// The last notes of logs.
    pub(super) fn last(&mut self, origins: &[String]) -> Result<Vec<Option<String>>, Fault> {
        let _held = self.lock()?;
        let Some(mut file) = self.catch_up()? else { return Ok(vec![None; origins.len()]) };
        let mut read = |origin: &String| match self.notes.get(split(origin).0) {
            Some(place) => self.read(&mut file, origin, *place).map(Some),
            None => Ok(None),
        };
        origins.iter().map(&mut read).collect()
    }

    /// Takes over notes that stand in files of their own, which go once the journal has them.
    pub(super) fn adopt(&mut self) -> Result<(), Fault> {
        if files::found(&self.directory)?.is_empty() {
            return Ok(());
        }
        let _held = self.lock()?;
        // Again, as another process may have taken them over meanwhile.
        let found = files::found(&self.directory)?;
        let notes: Vec<KeptNote> =
            found.iter().map(|path| files::read(path)).collect::<Result<_, _>>()?;
        for notes in notes.chunks(KEPT_TOGETHER_MAX) {
            self.append(notes)?;
        }
        found.iter().try_for_each(|path| files::remove(path))
    }

    /// Keeps notes, but none beside one over as many entries or more, and syncs once.
    pub(super) fn keep(&mut self, notes: &[KeptNote]) -> Result<(), Fault> {
        let _held = self.lock()?;
        self.append(notes)
    }

    /// Keeps notes while the journal is held.
    fn append(&mut self, notes: &[KeptNote]) -> Result<(), Fault> {
        let caught_up = self.catch_up()?;
        let mut batch = Vec::new();
        for note in notes {
            if !self.is_new(note)? {
                continue;
            }
            let signed = parsed(note.note.as_bytes());
            let is_it = |(checkpoint, _): &(Checkpoint, String)| {
                checkpoint.origin() == note.origin && checkpoint.size() == note.size
            };

            if signed.filter(is_it).is_none() {
                let message = format!("what is to be kept is no note of `{}`", note.origin);
                return Err(Fault::new(FaultKind::Internal, message));
            }
            add_line(&mut batch, note.note.as_bytes());
        }
        if batch.is_empty() {
            return Ok(());
        }
        let mut file = match caught_up {
            Some(file) => file,
            None => self.anew(1, &[])?,
        };
        let after = self.write(&mut file, &batch).map_err(|error| self.unavailable(error))?;
        self.add(&batch, after).ok_or_else(|| self.damaged())?;
        if self.end > COMPACTED_MIN && self.end / COMPACTED_TIMES > self.live {
            self.compact(&mut file)?;
        }
        Ok(())
    }

    fn is_new(&self, note: &KeptNote) -> Result<bool, Fault> {
        let (log, epoch) = split(&note.origin);
        match self.notes.get(log) {
            Some(kept) if kept.reached.0 > epoch => Err(overtaken(&note.origin)),
            kept => Ok(kept.is_none_or(|kept| kept.reached < (epoch, note.size))),
        }
    }

    /// One process at a time, whether it reads or writes.
    fn lock(&self) -> Result<File, Fault> {
        let path = self.directory.join("lock");
        let file = OpenOptions::new().create(true).append(true).open(path);
        let held = file.and_then(|file| file.lock().map(|()| file));
        held.map_err(|error| self.unavailable(error))
    }

    /// Reads what others appended; none where there is no journal.
    fn catch_up(&mut self) -> Result<Option<File>, Fault> {
        let file = OpenOptions::new().read(true).write(true).open(self.path());
        let mut file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && self.generation == 0 => {
                return Ok(None);
            }
            Err(error) => return Err(self.unavailable(error)),
        };
        let line = line(&mut file, 0).map_err(|error| self.unavailable(error))?;
        let generation = line.as_deref().and_then(|line| line.strip_prefix(FORMAT));
        let generation = generation.and_then(|rest| rest.strip_prefix(' ')?.parse::<u64>().ok());
        let generation = generation.filter(|generation| *generation > 0);
        let generation = generation.ok_or_else(|| self.damaged())?;
        let length = file.metadata().map_err(|error| self.unavailable(error))?.len();
        if generation != self.generation {
            *self = Self::new(std::mem::take(&mut self.directory));
            self.generation = generation;
            let line = line.as_ref().map_or(0, String::len);
            self.end = wide(line).saturating_add(1);
        }
        if length < self.end {
            return Err(self.damaged());
        }
        while self.end < length {
            if !self.next(&mut file, length)? {
                // Its writer died, and answered nobody that it is kept.
                let cut = file.set_len(self.end).and_then(|()| file.sync_all());
                cut.map_err(|error| self.unavailable(error))?;
                break;
            }
        }
        Ok(Some(file))
    }

    /// Reads one more batch; false for one that was not wholly written.
    fn next(&mut self, file: &mut File, length: u64) -> Result<bool, Fault> {
        let read = self.batch(file, length).map_err(|error| self.unavailable(error))?;
        let Some((batch, after)) = read else {
            let is_torn = self.is_torn(file, length).map_err(|error| self.unavailable(error))?;
            return if is_torn { Ok(false) } else { Err(self.damaged()) };
        };
        let marked = if after == length {
            // Its writer died before it was synced, or before it said so.
            file.sync_all().and_then(|()| mark(file, after))
        } else {
            let mut mark = [0];
            let read = file.seek(SeekFrom::Start(after)).and_then(|_| file.read_exact(&mut mark));
            if read.is_ok() && mark != *SYNCED {
                return Err(self.damaged());
            }
            read
        };
        marked.map_err(|error| self.unavailable(error))?;
        self.add(&batch, after).ok_or_else(|| self.damaged())?;
        self.end = after.saturating_add(1);
        Ok(true)
    }

    /// The batch that begins where everything was read, and where it ends; none for what is none.
    fn batch(&self, file: &mut File, length: u64) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let Some(head) = line(file, self.end)? else { return Ok(None) };
        let head_bytes = wide(head.len()).saturating_add(1);
        let parsed = head.split_once(' ').and_then(|(bytes, digest)| {
            let bytes: usize = bytes.parse().ok().filter(|bytes| *bytes <= BATCH_BYTES_MAX)?;
            Some((bytes, Digest::parse(digest)?))
        });
        let Some((bytes, digest)) = parsed else { return Ok(None) };
        let after = self.end.saturating_add(head_bytes).saturating_add(wide(bytes));
        if after > length {
            return Ok(None);
        }
        let mut batch = vec![0; bytes];
        file.seek(SeekFrom::Start(self.end.saturating_add(head_bytes)))?;
        file.read_exact(&mut batch)?;
        Ok(Some((batch, after)).filter(|(batch, _)| Digest::of(batch) == digest))
    }

    /// Whether what is left was answered to nobody: no mark stands in it.
    fn is_torn(&self, file: &mut File, length: u64) -> std::io::Result<bool> {
        let most = wide(BATCH_BYTES_MAX + LINE_BYTES_MAX);
        let mut left = Vec::new();
        file.seek(SeekFrom::Start(self.end))?;
        file.take(most).read_to_end(&mut left)?;
        Ok(!left.contains(&MARK) && length.saturating_sub(self.end) <= most)
    }

    /// Appends a batch, and answers where it ends once it is on the disk.
    fn write(&mut self, file: &mut File, batch: &[u8]) -> std::io::Result<u64> {
        let mut bytes = format!("{} {}\n", batch.len(), Digest::of(batch)).into_bytes();
        bytes.extend_from_slice(batch);
        let after = self.end.saturating_add(wide(bytes.len()));
        let written = file.seek(SeekFrom::Start(self.end)).and_then(|_| file.write_all(&bytes));
        if let Err(error) = written.and_then(|()| file.sync_all()) {
            // What is left is dropped by whoever reads it next.
            let _ = file.set_len(self.end);
            return Err(error);
        }
        mark(file, after)?;
        self.end = after.saturating_add(1);
        Ok(after)
    }

    /// Remembers where the notes of a batch are, which ends there.
    fn add(&mut self, batch: &[u8], after: u64) -> Option<()> {
        let mut rest = batch;
        while !rest.is_empty() {
            let end = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n')?;
            let (line, notes) = rest.split_at_checked(end)?;
            let length: usize = std::str::from_utf8(line).ok()?.parse().ok()?;
            let (note, later) = notes.split_first()?.1.split_at_checked(length)?;
            let (checkpoint, _) = parsed(note)?;
            let at = after.checked_sub(wide(later.len() + length))?;
            let (log, epoch) = split(checkpoint.origin());
            let place = Place { reached: (epoch, checkpoint.size()), at, length };
            let old = self.notes.insert(log.to_owned(), place);
            if old.is_some_and(|old| old.reached >= place.reached) {
                return None;
            }
            self.live = self.live.saturating_add(wide(length));
            self.live = self.live.saturating_sub(old.map_or(0, |old| wide(old.length)));
            rest = later;
        }
        Some(())
    }

    fn read(&self, file: &mut File, origin: &str, place: Place) -> Result<String, Fault> {
        let mut note = vec![0; place.length];
        let read = file.seek(SeekFrom::Start(place.at)).and_then(|_| file.read_exact(&mut note));
        read.map_err(|error| self.unavailable(error))?;
        let is_it = |(checkpoint, _): &(Checkpoint, String)| {
            let (log, epoch) = split(checkpoint.origin());
            log == split(origin).0 && (epoch, checkpoint.size()) == place.reached
        };
        parsed(&note).filter(is_it).map(|(_, note)| note).ok_or_else(|| self.damaged())
    }

    /// Writes the notes in force into a journal of the next generation.
    fn compact(&mut self, file: &mut File) -> Result<(), Fault> {
        let mut notes = Vec::with_capacity(self.notes.len());
        for (origin, place) in &self.notes {
            notes.push(self.read(file, origin, *place)?);
        }
        self.anew(self.generation.saturating_add(1), &notes).map(|_| ())
    }

    /// A journal of these notes, in the place of the one that is there.
    fn anew(&mut self, generation: u64, notes: &[String]) -> Result<File, Fault> {
        self.make(generation, notes).map_err(|error| self.unavailable(error))?;
        *self = Self::new(std::mem::take(&mut self.directory));
        self.catch_up()?.ok_or_else(|| self.damaged())
    }

    fn make(&self, generation: u64, notes: &[String]) -> std::io::Result<()> {
        let new = self.directory.join("journal.new");
        let mut file = File::create(&new)?;
        let mut bytes = format!("{FORMAT} {generation}\n").into_bytes();
        for notes in notes.chunks(KEPT_TOGETHER_MAX) {
            let mut batch = Vec::new();
            notes.iter().for_each(|note| add_line(&mut batch, note.as_bytes()));
            bytes.extend(format!("{} {}\n", batch.len(), Digest::of(&batch)).into_bytes());
            bytes.extend(batch);
            bytes.extend(SYNCED);
            file.write_all(&bytes)?;
            bytes.clear();
        }
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.path())?;
        sync_directory(&self.directory)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("journal")
    }

    fn damaged(&self) -> Fault {
        let path = self.path();
        let message = format!("the kept notes `{}` are damaged; restore them", path.display());
        Fault::new(FaultKind::Corrupt, message)
    }

    fn unavailable(&self, error: std::io::Error) -> Fault {
        let path = self.path();
        let message = format!("the kept notes `{}` cannot be read or written", path.display());
        Fault::new(FaultKind::Unavailable, message).caused_by(error)
    }
}

/// The line that begins there, without its end; none where it does not end.
fn line(file: &mut File, at: u64) -> std::io::Result<Option<String>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(LINE_BYTES_MAX);
    file.take(wide(LINE_BYTES_MAX)).read_to_end(&mut bytes)?;
    let end = bytes.iter().position(|byte| *byte == b'\n');
    bytes.truncate(end.unwrap_or(0));
    Ok(end.and_then(|_| String::from_utf8(bytes).ok()))
}

fn mark(file: &mut File, at: u64) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(SYNCED)
}

fn add_line(batch: &mut Vec<u8>, note: &[u8]) {
    batch.extend(format!("{}\n", note.len()).into_bytes());
    batch.extend_from_slice(note);
}

fn parsed(note: &[u8]) -> Option<(Checkpoint, String)> {
    let note = SignedNote::parse(note).ok().filter(|_| note.len() <= CHECKPOINT_BYTES_MAX)?;
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    Some((checkpoint, note.to_string()))
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened to be synced.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}
