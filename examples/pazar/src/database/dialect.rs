//! One text for three databases: placeholders, and two clauses that each of them spells its way.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// How a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "these three are what the law is kept in")]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB and MySQL.
    Mysql,
}

/// What a statement does beside what its text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Clause {
    /// Nothing.
    #[default]
    None,
    /// What is selected stays as it is until the transaction ends.
    ForUpdate,
    /// Nothing is inserted where the key is taken.
    UnlessKnown,
}

/// A statement as one database reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) text: Arc<str>,
    /// The number of the argument, from 0 on, that each place takes.
    pub(super) places: Vec<usize>,
}

/// Every statement of the program, spelled once.
static SPELLINGS: LazyLock<RwLock<HashMap<Key, Arc<Spelling>>>> = LazyLock::new(RwLock::default);
type Key = (Dialect, Clause, &'static str);

/// The spelling of a static text.
pub(super) fn spelling(dialect: Dialect, clause: Clause, text: &'static str) -> Arc<Spelling> {
    let key = (dialect, clause, text);
    let known = SPELLINGS.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    known.unwrap_or_else(|| {
        let spelled = Arc::new(spell(dialect, clause, text));
        let mut all = SPELLINGS.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_insert(spelled))
    })
}

/// A part of a statement's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// Where the argument of a number stands, from 0 on.
    Place(usize),
}

/// Cuts a text at its places. What stands in quotes has none.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut begin, mut numbers, mut quote) = (Vec::new(), 0, 0_usize, None);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '?') => {
                let mut end = at + 1;
                while letters.next_if(|(_, digit)| digit.is_ascii_digit()).is_some() {
                    end += 1;
                }
                let digits = text.get(at + 1..end).unwrap_or_default();
                // A bare one takes the next number, as in SQLite.
                let number = digits.parse().unwrap_or(numbers + 1);
                numbers = numbers.max(number);
                parts.push(Part::Text(text.get(begin..at).unwrap_or_default()));
                parts.push(Part::Place(number.saturating_sub(1)));
                begin = end;
            }
            _ => {}
        }
    }
    parts.push(Part::Text(text.get(begin..).unwrap_or_default()));
    parts
}

/// What a clause says at the end of a statement.
pub(super) fn ending(dialect: Dialect, clause: Clause) -> &'static str {
    match (clause, dialect) {
        (Clause::ForUpdate, Dialect::Postgres | Dialect::Mysql) => " FOR UPDATE",
        (Clause::UnlessKnown, Dialect::Sqlite | Dialect::Postgres) => " ON CONFLICT DO NOTHING",
        _ => "",
    }
}

fn spell(dialect: Dialect, clause: Clause, text: &str) -> Spelling {
    let mut spelled = String::with_capacity(text.len() + 32);
    let mut places = Vec::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => spelled.push_str(text),
            Part::Place(place) => {
                places.push(place);
                match dialect {
                    Dialect::Sqlite => spelled.push_str(&format!("?{}", place + 1)),
                    Dialect::Postgres => spelled.push_str(&format!("${}", place + 1)),
                    Dialect::Mysql => spelled.push('?'),
                }
            }
        }
    }
    if dialect != Dialect::Mysql {
        places = (0..places.iter().max().map_or(0, |last| last + 1)).collect();
    }
    if (clause, dialect) == (Clause::UnlessKnown, Dialect::Mysql) {
        spelled = spelled.replacen("INSERT", "INSERT IGNORE", 1);
    }
    spelled.push_str(ending(dialect, clause));
    Spelling { text: spelled.into(), places }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(dialect: Dialect, text: &str) -> (String, Vec<usize>) {
        let Spelling { text, places } = spell(dialect, Clause::None, text);
        (text.to_string(), places)
    }

    #[test]
    fn an_argument_that_is_used_twice_is_sent_twice_where_places_have_no_numbers() {
        let text = "UPDATE t SET a = a - ?1 WHERE b = ?2 AND a >= ?1";
        assert_eq!(spelled(Dialect::Sqlite, text), (text.to_owned(), vec![0, 1]));
        let postgres = "UPDATE t SET a = a - $1 WHERE b = $2 AND a >= $1";
        assert_eq!(spelled(Dialect::Postgres, text), (postgres.to_owned(), vec![0, 1]));
        let mysql = "UPDATE t SET a = a - ? WHERE b = ? AND a >= ?";
        assert_eq!(spelled(Dialect::Mysql, text), (mysql.to_owned(), vec![0, 1, 0]));
    }

    #[test]
    fn bare_places_are_counted_on() {
        let text = "SELECT ?, ?, ?12";
        assert_eq!(spelled(Dialect::Postgres, text).0, "SELECT $1, $2, $12");
        assert_eq!(spelled(Dialect::Mysql, text), ("SELECT ?, ?, ?".to_owned(), vec![0, 1, 11]));
    }

    #[test]
    fn what_stands_in_quotes_stays() {
        let text = r#"SELECT '?1 it''s ?', "a?2" WHERE x = ?1 OR y = 'İ?'"#;
        let (postgres, places) = spelled(Dialect::Postgres, text);
        assert_eq!(postgres, r#"SELECT '?1 it''s ?', "a?2" WHERE x = $1 OR y = 'İ?'"#);
        assert_eq!(places, [0]);
    }

    #[test]
    fn clauses_are_spelled_by_the_database() {
        let said = |dialect, clause, text| spell(dialect, clause, text).text.to_string();
        let (select, insert) = ("SELECT a FROM t", "INSERT INTO t (a) VALUES (?1)");
        assert_eq!(said(Dialect::Sqlite, Clause::ForUpdate, select), select);
        let locking = "SELECT a FROM t FOR UPDATE";
        assert_eq!(said(Dialect::Postgres, Clause::ForUpdate, select), locking);
        assert_eq!(said(Dialect::Mysql, Clause::ForUpdate, select), locking);
        let once = "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING";
        assert_eq!(said(Dialect::Postgres, Clause::UnlessKnown, insert), once);
        let once = "INSERT IGNORE INTO t (a) VALUES (?)";
        assert_eq!(said(Dialect::Mysql, Clause::UnlessKnown, insert), once);
    }
}
