//! Times as leaves write them: RFC 3339 in UTC with exactly six digits.

use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z, to the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// A time of so many seconds since 1970; none behind the year 9999.
    #[must_use]
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        Self::from_micros(seconds.checked_mul(1_000_000)?)
    }

    /// A time of so many microseconds since 1970; none behind the year 9999.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Option<Self> {
        if micros < MICROS_END { Some(Self(micros)) } else { None }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This much later, without an end.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads `2026-11-21T09:15:02.123456Z` and no other spelling.
    ///
    /// ```
    /// use hos_verify::time::Time;
    ///
    /// let text = "2026-11-21T09:15:02.123456Z";
    /// assert_eq!(Time::parse(text).map(|time| time.to_string()).as_deref(), Some(text));
    /// assert_eq!(Time::parse("2026-02-29T09:15:02.123456Z"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = numbers(date, '-')?;
        let (clock, fraction) = clock.split_once('.')?;
        let [hour, minute, second] = numbers(clock, ':')?;
        let [micros] = numbers(fraction, ':')?;
        if year < 1_970 || !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_before(year, month) + day - 1;
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        let time = Self::from_micros(seconds * 1_000_000 + micros)?;
        // A day that its month does not have, or another number of digits, is spelled otherwise.
        (time.to_string() == text).then_some(time)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let mut year = 1_970 + days / 366;
        while days_before(year + 1, 1) <= days {
            year += 1;
        }
        let month = (2..=12).take_while(|month| days_before(year, *month) <= days).last();
        let month = month.unwrap_or(1);
        let day = days - days_before(year, month) + 1;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T")?;
        write!(formatter, "{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// The first microsecond of the year 10000.
const MICROS_END: u64 = 253_402_300_800_000_000;

/// The days from 1970 to the first of a month (proleptic Gregorian calendar).
const fn days_before(year: u64, month: u64) -> u64 {
    // Counted from March on, so that the day of the leap year comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 - 719_468
}

fn numbers<const N: usize>(text: &str, between: char) -> Option<[u64; N]> {
    let plain = |part: &str| part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers =
        text.split(between).map(|part| if plain(part) { part.parse().ok() } else { None });
    numbers.collect::<Option<Vec<_>>>()?.try_into().ok()
}
