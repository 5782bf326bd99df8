use std::error::Error;
use std::fmt;

use super::TILE_WIDTH;
use crate::text::decimal;

/// One tile: its level, its place on that level, and how many hashes it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// The level; at 0 the hashes are leaf hashes.
    pub level: u8,
    /// The place: the tile holds the hashes from `place` x 256 on.
    pub place: u64,
    /// The number of hashes: 1 to 256, and 256 is a full tile.
    pub width: u16,
}

impl Tile {
    /// Whether no hash can be added any more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        usize::from(self.width) == TILE_WIDTH
    }

    /// Reads a path, as in `tile/0/x001/x234/067` or `tile/1/000.p/17`.
    ///
    /// # Errors
    ///
    /// [`TilePathError`] for every other spelling.
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        Self::read(path).filter(|tile| tile.to_string() == path).ok_or(TilePathError)
    }

    fn read(path: &str) -> Option<Self> {
        let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let (place, width) = match place.split_once(".p/") {
            Some((place, width)) => (place, u16::try_from(decimal(width)?).ok()?),
            None => (place, 256),
        };
        let digits = place.split('/').map(|part| part.trim_start_matches('x'));
        let digits = digits.collect::<Vec<_>>().concat();
        if digits.len() > 27 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let level = u8::try_from(decimal(level)?).ok().filter(|level| *level <= LEVEL_MAX)?;
        let is_tile = width > 0 && usize::from(width) <= TILE_WIDTH;
        is_tile.then_some(Self { level, place: digits.parse().ok()?, width })
    }
}

/// The highest level that a path may name.
const LEVEL_MAX: u8 = 63;

impl fmt::Display for Tile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tile/{}/", self.level)?;
        let mut groups = vec![self.place % 1_000];
        let mut rest = self.place / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        while let Some(group) = groups.pop() {
            let more = if groups.is_empty() { ("", "") } else { ("x", "/") };
            write!(formatter, "{}{group:03}{}", more.0, more.1)?;
        }
        if self.is_full() { Ok(()) } else { write!(formatter, ".p/{}", self.width) }
    }
}

/// A text that is no tile's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePathError;

impl fmt::Display for TilePathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no path of a tile, such as `tile/0/x001/234` or `tile/1/000.p/17`")
    }
}

impl Error for TilePathError {}
