//! The calendar of a listing: the days of a month, or the hours of a day, in Istanbul.

use hos_core::time::Timestamp;

use crate::language::{ISTANBUL_MICROS, Language};

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// When people begin to book, if they may choose.
pub(crate) const OPENING_HOUR: usize = 10;

/// How many months ahead the calendar goes.
const MONTHS_MAX: i64 = 18;

/// A day in Istanbul, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of a time.
    pub(crate) fn of(micros: i64) -> Self {
        Self(micros.saturating_add(ISTANBUL_MICROS).div_euclid(DAY_MICROS))
    }

    /// Reads `2026-11-21`, as date fields write it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time = (text.len() == 10).then(|| Timestamp::parse(&format!("{text}T00:00:00Z")))??;
        Some(Self(time.as_micros().div_euclid(DAY_MICROS)))
    }

    /// The time at which an hour of the day begins.
    pub(crate) fn at(self, hour: i64) -> i64 {
        self.0.saturating_mul(DAY_MICROS).saturating_add(hour * HOUR_MICROS) - ISTANBUL_MICROS
    }

    /// So many days on.
    pub(crate) fn after(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// As date fields read it.
    pub(crate) fn text(self) -> String {
        let text = Timestamp::from_micros(self.0.saturating_mul(DAY_MICROS)).to_string();
        text.get(..10).unwrap_or_default().to_owned()
    }

    /// 0 for Monday; the first day of 1970 was a Thursday.
    fn weekday(self) -> i64 {
        (self.0 + 3).rem_euclid(7)
    }
}

/// What a day or an hour is to somebody who would book it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Free,
    Taken,
    Past,
}

impl Slot {
    /// The class in the style.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Taken => "taken",
            Self::Past => "past",
        }
    }

    fn of(starts: i64, ends: i64, now: i64, taken: &[(i64, i64)]) -> Self {
        if ends <= now {
            return Self::Past;
        }
        let overlaps = taken.iter().any(|(from, to)| *from < ends && *to > starts);
        if overlaps { Self::Taken } else { Self::Free }
    }
}

/// One day of the month.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) number: String,
    pub(crate) date: String,
    pub(crate) slot: Slot,
    pub(crate) today: bool,
    pub(crate) chosen: bool,
}

/// One month of a listing.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) title: String,
    /// Rows of seven; none where another month's day would stand.
    pub(crate) weeks: Vec<Vec<Option<Cell>>>,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

/// A month, as `2026-11` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonthName {
    /// Months since the year 0.
    index: i64,
}

impl MonthName {
    /// The month of a day.
    pub(crate) fn of(day: Day) -> Self {
        Self::parse(day.text().get(..7).unwrap_or_default()).unwrap_or(Self { index: 1970 * 12 })
    }

    fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month) = (year.parse::<i64>().ok()?, month.parse::<i64>().ok()?);
        ((1970..=9990).contains(&year) && (1..=12).contains(&month))
            .then_some(Self { index: year * 12 + month - 1 })
    }

    /// The month that was asked for, as far as the calendar goes.
    pub(crate) fn asked(text: &str, today: Day) -> Self {
        let now = Self::of(today).index;
        let asked = Self::parse(text).map_or(now, |month| month.index);
        Self { index: asked.clamp(now, now + MONTHS_MAX) }
    }

    fn text(self) -> String {
        format!("{:04}-{:02}", self.index.div_euclid(12), self.index.rem_euclid(12) + 1)
    }

    fn first(self) -> Day {
        Day::parse(&format!("{}-01", self.text())).unwrap_or(Day(0))
    }

    /// When the month begins and ends.
    pub(crate) fn range(self) -> (i64, i64) {
        (self.first().at(0), Self { index: self.index + 1 }.first().at(0))
    }
}

/// The month's grid.
pub(crate) fn month(
    language: Language,
    name: MonthName,
    now: i64,
    chosen: Option<Day>,
    taken: &[(i64, i64)],
) -> Month {
    let (first, today) = (name.first(), Day::of(now));
    let after = MonthName { index: name.index + 1 }.first();
    let mut cells: Vec<Option<Cell>> = (0..first.weekday()).map(|_| None).collect();
    let mut day = first;
    while day < after {
        let date = day.text();
        let number = date.get(8..).unwrap_or_default().trim_start_matches('0').to_owned();
        let slot = Slot::of(day.at(0), day.at(24), now, taken);
        let (today, chosen) = (day == today, Some(day) == chosen);
        cells.push(Some(Cell { number, date, slot, today, chosen }));
        day = day.after(1);
    }
    while !cells.len().is_multiple_of(7) {
        cells.push(None);
    }
    let mut weeks = Vec::with_capacity(6);
    let mut cells = cells.into_iter().peekable();
    while cells.peek().is_some() {
        weeks.push(cells.by_ref().take(7).collect());
    }
    let text = name.text();
    let (year, digits) = text.split_once('-').unwrap_or_default();
    let this = MonthName::of(today).index;
    let step = |by: i64| MonthName { index: name.index + by };
    Month {
        title: format!("{} {year}", language.month(digits)),
        weeks,
        previous: (name.index > this).then(|| step(-1).text()),
        next: (name.index < this + MONTHS_MAX).then(|| step(1).text()),
    }
}

/// The hours of a day: how each is called, and whether it is free.
pub(crate) fn hours(day: Day, now: i64, taken: &[(i64, i64)]) -> Vec<(String, Slot)> {
    let hour = |hour: i64| {
        let slot = Slot::of(day.at(hour), day.at(hour + 1), now, taken);
        (format!("{hour:02}:00"), slot)
    };
    (0..24).map(hour).collect()
}

/// The hour that a form proposes: the first free one of the working day, else of the day.
pub(crate) fn proposed(hours: &[(String, Slot)]) -> Option<usize> {
    let free = |from: usize| {
        let mut later = hours.iter().enumerate().skip(from);
        later.find(|(_, (_, slot))| *slot == Slot::Free).map(|(hour, _)| hour)
    };
    free(OPENING_HOUR).or_else(|| free(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        Timestamp::parse(text).unwrap().as_micros()
    }

    #[test]
    fn a_day_begins_at_midnight_in_istanbul() {
        let day = Day::parse("2026-11-21").unwrap();
        assert_eq!(day.at(0), micros("2026-11-20T21:00:00Z"));
        assert_eq!(Day::of(micros("2026-11-20T20:59:59Z")).text(), "2026-11-20");
        assert_eq!(Day::of(micros("2026-11-20T21:00:00Z")).text(), "2026-11-21");
        assert_eq!(day.weekday(), 5, "a Saturday");
        for text in ["", "2026-13-01", "2026-02-30", "21.11.2026", "2026-11-21T00"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_has_its_days_under_their_weekdays() {
        let now = micros("2026-11-21T12:00:00Z");
        let taken = [(micros("2026-11-24T21:00:00Z"), micros("2026-11-26T21:00:00Z"))];
        let name = MonthName::asked("", Day::of(now));
        let month = month(Language::English, name, now, Day::parse("2026-11-30"), &taken);
        assert_eq!(month.title, "November 2026");
        assert_eq!((month.previous, month.next), (None, Some("2026-12".to_owned())));
        assert_eq!(month.weeks.len(), 6);
        assert!(month.weeks[0][..6].iter().all(Option::is_none), "it begins on a Sunday");
        let cells: Vec<&Cell> = month.weeks.iter().flatten().flatten().collect();
        assert_eq!(cells.len(), 30);
        assert!(cells[20].today && cells[29].chosen);
        let slots = |from: usize, to: usize| cells[from..to].iter().map(|cell| cell.slot);
        assert!(slots(0, 20).all(|slot| slot == Slot::Past));
        assert!(slots(20, 24).all(|slot| slot == Slot::Free));
        assert!(slots(24, 26).all(|slot| slot == Slot::Taken));
        assert!(slots(26, 30).all(|slot| slot == Slot::Free));
    }

    #[test]
    fn the_calendar_does_not_go_back_nor_on_for_ever() {
        let today = Day::parse("2026-11-21").unwrap();
        assert_eq!(MonthName::asked("1999-01", today).text(), "2026-11");
        assert_eq!(MonthName::asked("9000-01", today).text(), "2028-05");
        assert_eq!(MonthName::asked("rubbish", today).text(), "2026-11");
    }

    #[test]
    fn a_form_proposes_an_hour_that_is_free() {
        let day = Day::parse("2026-11-21").unwrap();
        let proposed = |now: i64, taken: &[(i64, i64)]| proposed(&hours(day, day.at(now), taken));
        assert_eq!(proposed(0, &[]), Some(10));
        assert_eq!(proposed(0, &[(day.at(9), day.at(13))]), Some(13));
        assert_eq!(proposed(18, &[]), Some(18));
        assert_eq!(proposed(3, &[(day.at(6), day.at(24))]), Some(3));
        assert_eq!(proposed(24, &[]), None);
    }

    #[test]
    fn the_hours_of_a_day_are_free_or_taken() {
        let day = Day::parse("2026-11-22").unwrap();
        let taken = [(day.at(10), day.at(12))];
        let hours = hours(day, day.at(9), &taken);
        assert_eq!(hours.len(), 24);
        assert_eq!(hours[8], ("08:00".to_owned(), Slot::Past));
        assert_eq!(hours[9].1, Slot::Free);
        assert_eq!((hours[10].1, hours[11].1, hours[12].1), (Slot::Taken, Slot::Taken, Slot::Free));
    }
}
