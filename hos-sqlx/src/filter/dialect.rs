//! What the databases say differently of texts.

use Piece::Text;
use sqlx::{Database, QueryBuilder};

/// A part of a statement: its text, or a value that is bound.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "nobody else sees it")]
pub enum Piece {
    /// As it stands.
    Text(&'static str),
    /// A truth.
    Bool(bool),
    /// A number, or microseconds.
    Integer(i64),
    /// A text.
    String(String),
}

/// How a database compares texts byte by byte, whatever the collation of their columns.
#[expect(unnameable_types, reason = "nobody else implements it")]
pub trait Dialect: Database {
    /// Whether a text may have a zero byte.
    const ZERO_BYTES: bool;

    /// Adds a part to a query.
    fn push(query: &mut QueryBuilder<Self>, piece: Piece);

    /// A text as it is to be compared.
    fn exact(sql: &mut Vec<Piece>, text: &[Piece]);

    /// The code points of a text.
    fn size(sql: &mut Vec<Piece>, text: &[Piece]);

    /// Compares the beginning of a text with a prefix.
    fn prefix(sql: &mut Vec<Piece>, text: &[Piece], operator: &'static str, prefix: &[Piece]);
}

fn within(sql: &mut Vec<Piece>, before: &'static str, inner: &[Piece], after: &'static str) {
    sql.push(Text(before));
    sql.extend_from_slice(inner);
    sql.push(Text(after));
}

/// The same words, but each database binds values its own way.
macro_rules! push_pieces {
    () => {
        fn push(query: &mut QueryBuilder<Self>, piece: Piece) {
            match piece {
                Text(text) => query.push(text),
                Piece::Bool(value) => query.push_bind(value),
                Piece::Integer(value) => query.push_bind(value),
                Piece::String(value) => query.push_bind(value),
            };
        }
    };
}

#[cfg(feature = "sqlite")]
impl Dialect for sqlx::Sqlite {
    const ZERO_BYTES: bool = true;

    push_pieces!();

    fn exact(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "CAST(", text, " AS TEXT) COLLATE BINARY");
    }

    /// `length` counts up to the first zero byte: where there is one, the bytes are counted that
    /// begin a character.
    fn size(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "(CASE WHEN instr(CAST(", text, " AS BLOB), x'00') = 0 ");
        within(sql, "THEN length(", text, ") ELSE (WITH RECURSIVE hos_byte(hos_at) AS (");
        sql.push(Text("SELECT 1 UNION ALL SELECT hos_at + 1 FROM hos_byte "));
        within(sql, "WHERE hos_at < length(CAST(", text, " AS BLOB))) ");
        within(sql, "SELECT sum(substr(CAST(", text, " AS BLOB), hos_at, 1) ");
        sql.push(Text("NOT BETWEEN x'80' AND x'BF') FROM hos_byte) END)"));
    }

    fn prefix(sql: &mut Vec<Piece>, text: &[Piece], operator: &'static str, prefix: &[Piece]) {
        within(sql, "instr(CAST(", text, " AS BLOB), ");
        within(sql, "CAST(", prefix, " AS BLOB))");
        sql.extend([operator, "1"].map(Text));
    }
}

#[cfg(feature = "postgres")]
impl Dialect for sqlx::Postgres {
    const ZERO_BYTES: bool = false;

    push_pieces!();

    fn exact(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "(", text, ")::text COLLATE \"C\"");
    }

    fn size(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "char_length((", text, ")::text)");
    }

    fn prefix(sql: &mut Vec<Piece>, text: &[Piece], operator: &'static str, prefix: &[Piece]) {
        within(sql, "left((", text, ")::text, ");
        within(sql, "char_length((", prefix, ")::text)) COLLATE \"C\"");
        sql.push(Text(operator));
        within(sql, "(", prefix, ")::text");
    }
}

#[cfg(feature = "mysql")]
impl Dialect for sqlx::MySql {
    const ZERO_BYTES: bool = true;

    push_pieces!();

    fn exact(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "CAST(CONVERT(", text, " USING utf8mb4) AS BINARY)");
    }

    fn size(sql: &mut Vec<Piece>, text: &[Piece]) {
        within(sql, "CHAR_LENGTH(CONVERT(", text, " USING utf8mb4))");
    }

    fn prefix(sql: &mut Vec<Piece>, text: &[Piece], operator: &'static str, prefix: &[Piece]) {
        sql.push(Text("LEFT("));
        Self::exact(sql, text);
        sql.push(Text(", LENGTH("));
        Self::exact(sql, prefix);
        sql.push(Text("))"));
        sql.push(Text(operator));
        Self::exact(sql, prefix);
    }
}
