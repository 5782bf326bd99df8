//! A list's filter as an SQL predicate over a world's own table.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use hos_core::laws::Filter;
//! use hos_sqlx::filter::{Columns, Unfilterable};
//! use sqlx::{QueryBuilder, Sqlite};
//!
//! fn list(filter: &Filter) -> Result<QueryBuilder<Sqlite>, Unfilterable> {
//!     let orders = Columns::new("order", "o.tenant")
//!         .attribute("id", "o.id")
//!         .attribute("state", "o.status")
//!         .attribute("customer", "o.customer_id");
//!     let mut list = QueryBuilder::new("SELECT o.id FROM orders AS o WHERE ");
//!     orders.push_sqlite(&mut list, filter)?;
//!     list.push(" ORDER BY o.id LIMIT 50");
//!     Ok(list)
//! }
//! # }
//! ```

mod dialect;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use hos_core::condition::{Attribute, Comparison, Predicate, Term};
use hos_core::laws::Filter;
use hos_core::value::{Type, Value};
#[cfg(feature = "mysql")]
use sqlx::MySql;
#[cfg(feature = "postgres")]
use sqlx::Postgres;
#[cfg(feature = "sqlite")]
use sqlx::Sqlite;
use sqlx::{Database, Encode, QueryBuilder};

use dialect::Dialect;

/// Where a world's table keeps what conditions read of a subject.
///
/// A column is an SQL expression of the world's own. It is NULL exactly where the subject has no
/// such attribute, and else holds its value: a bool as the database's own (0 or 1 on SQLite and
/// MariaDB), an integer, a text, a time as an integer of microseconds since 1970. The database's
/// encoding is UTF-8 (of MariaDB's columns, utf8mb4), and texts are of a type that keeps them as
/// they are, which `CHAR(n)` does not.
#[derive(Debug, Clone)]
#[must_use]
pub struct Columns {
    kind: &'static str,
    tenant: &'static str,
    attributes: BTreeMap<&'static str, &'static str>,
}

/// A filter that cannot be said in SQL so that it means exactly the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfilterable {
    /// The filter is about another kind of subject than the table.
    #[error("the filter is about subjects of the kind `{0}`")]
    Kind(String),
    /// More would be written than every database takes.
    #[error("the filter is too large for a statement")]
    TooLarge,
    /// A condition reads an attribute that no column was named for.
    #[error("no column was named for the attribute `{0}`")]
    NoColumn(String),
    /// A condition looks into a set that the subject keeps, or compares it.
    #[error("`{0}` is a set, which cannot be looked into in SQL")]
    Set(String),
    /// A condition compares with a text that the database cannot hold.
    #[error("a text with a zero byte cannot be compared with in PostgreSQL")]
    ZeroByte,
}

impl Columns {
    /// A table of subjects of one kind, with its column of tenants.
    pub fn new(kind: &'static str, tenant: &'static str) -> Self {
        Self { kind, tenant, attributes: BTreeMap::new() }
    }

    /// Names the column of an attribute; `id`, `state` and `revision` are attributes too.
    pub fn attribute(mut self, name: &'static str, column: &'static str) -> Self {
        self.attributes.insert(name, column);
        self
    }

    /// Adds a filter to a query, in parentheses: its tenant, and what subjects must be like.
    ///
    /// It is to be true: put it in a `WHERE`, beside others with `AND`, and never under a `NOT`,
    /// which would turn what is unknown into what is allowed. Texts with a zero byte have no size
    /// in SQLite, so that conditions on their size do not hold.
    ///
    /// # Errors
    ///
    /// [`Unfilterable`]; then nothing was added.
    #[cfg(feature = "sqlite")]
    pub fn push_sqlite(
        &self,
        query: &mut QueryBuilder<Sqlite>,
        filter: &Filter,
    ) -> Result<(), Unfilterable> {
        self.push(query, filter)
    }

    /// As [`Columns::push_sqlite`], on PostgreSQL.
    ///
    /// # Errors
    ///
    /// [`Unfilterable`]; then nothing was added.
    #[cfg(feature = "postgres")]
    pub fn push_postgres(
        &self,
        query: &mut QueryBuilder<Postgres>,
        filter: &Filter,
    ) -> Result<(), Unfilterable> {
        self.push(query, filter)
    }

    /// As [`Columns::push_sqlite`], on MariaDB.
    ///
    /// # Errors
    ///
    /// [`Unfilterable`]; then nothing was added.
    #[cfg(feature = "mysql")]
    pub fn push_mysql(
        &self,
        query: &mut QueryBuilder<MySql>,
        filter: &Filter,
    ) -> Result<(), Unfilterable> {
        self.push(query, filter)
    }

    fn push<DB>(&self, query: &mut QueryBuilder<DB>, filter: &Filter) -> Result<(), Unfilterable>
    where
        DB: Database + Dialect,
        for<'q> bool: Encode<'q, DB> + sqlx::Type<DB>,
        for<'q> i64: Encode<'q, DB> + sqlx::Type<DB>,
        for<'q> String: Encode<'q, DB> + sqlx::Type<DB>,
    {
        if filter.kind().as_str() != self.kind {
            return Err(Unfilterable::Kind(filter.kind().to_string()));
        }
        let mut writer = Writer::<DB> { columns: self, pieces: Vec::new(), dialect: PhantomData };
        writer.text("(");
        let tenant = Piece::String(filter.tenant().as_str().to_owned());
        writer.compare_texts(&column(self.tenant), Comparison::Equal, &[tenant]);
        writer.text(" AND ");
        writer.predicate(filter.predicate())?;
        writer.text(")");
        let bound = writer.pieces.iter().filter(|piece| !matches!(piece, Piece::Text(_))).count();
        if bound > BOUND_MAX || depth(filter.predicate()) > DEPTH_MAX {
            return Err(Unfilterable::TooLarge);
        }
        for piece in writer.pieces {
            match piece {
                Piece::Text(text) => query.push(text),
                Piece::Bool(value) => query.push_bind(value),
                Piece::Integer(value) => query.push_bind(value),
                Piece::String(value) => query.push_bind(value),
            };
        }
        Ok(())
    }
}

/// SQLite takes 32,766 values in a statement; some are the caller's.
const BOUND_MAX: usize = 30_000;
/// SQLite takes expressions of 1,000 levels, and counts each link of a chain.
const DEPTH_MAX: usize = 900;

fn depth(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::All(all) | Predicate::Any(all) => {
            all.len() + all.iter().map(depth).max().unwrap_or(0)
        }
        _ => 8,
    }
}

/// In parentheses, for it may be an expression of any kind.
fn column(expression: &'static str) -> Vec<Piece> {
    ["(", expression, ")"].map(Piece::Text).to_vec()
}

/// A part of a statement: its text, or a value that is bound.
#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Bool(bool),
    Integer(i64),
    String(String),
}

/// INVARIANT: what it writes has no negation above a comparison, so that NULL is as good as false.
struct Writer<'a, DB> {
    columns: &'a Columns,
    pieces: Vec<Piece>,
    dialect: PhantomData<DB>,
}

impl<DB: Dialect> Writer<'_, DB> {
    fn text(&mut self, text: &'static str) {
        self.pieces.push(Piece::Text(text));
    }

    fn predicate(&mut self, predicate: &Predicate) -> Result<(), Unfilterable> {
        match predicate {
            Predicate::Always => self.text("1 = 1"),
            Predicate::Never => self.text("1 = 0"),
            Predicate::All(all) => self.chain(all, " AND ")?,
            Predicate::Any(any) => self.chain(any, " OR ")?,
            Predicate::Present(attribute) => {
                self.pieces.extend(self.column(attribute)?);
                self.text(" IS NOT NULL");
            }
            Predicate::Absent(attribute) => {
                self.pieces.extend(self.column(attribute)?);
                self.text(" IS NULL");
            }
            Predicate::Compare { left, operator, right } => {
                let (left, type_) = self.side(left)?;
                let (right, _) = self.side(right)?;
                if type_ == Type::String {
                    self.compare_texts(&left, *operator, &right);
                } else {
                    self.pieces.extend(left);
                    self.text(sign(*operator));
                    self.pieces.extend(right);
                }
            }
            Predicate::Member { needle, set, found } => self.member(needle, set, *found)?,
            Predicate::Prefix { text, prefix, found } => {
                let ((text, _), (prefix, _)) = (self.side(text)?, self.side(prefix)?);
                let operator = if *found { Comparison::Equal } else { Comparison::NotEqual };
                DB::prefix(&mut self.pieces, &text, sign(operator), &prefix);
            }
        }
        Ok(())
    }

    fn chain(&mut self, predicates: &[Predicate], with: &'static str) -> Result<(), Unfilterable> {
        for (at, predicate) in predicates.iter().enumerate() {
            self.text(if at == 0 { "(" } else { with });
            self.predicate(predicate)?;
        }
        self.text(")");
        Ok(())
    }

    /// Equality to a value as the column itself compares is asked too, so that its index can be
    /// used: what is equal byte by byte is equal in every collation.
    fn compare_texts(&mut self, left: &[Piece], operator: Comparison, right: &[Piece]) {
        self.text("(");
        if operator == Comparison::Equal && matches!(right, [Piece::String(_)]) {
            self.pieces.extend_from_slice(left);
            self.text(sign(operator));
            self.pieces.extend_from_slice(right);
            self.text(" AND ");
        }
        DB::exact(&mut self.pieces, left);
        self.text(sign(operator));
        DB::exact(&mut self.pieces, right);
        self.text(")");
    }

    fn member(&mut self, needle: &Term, set: &Term, found: bool) -> Result<(), Unfilterable> {
        let members = match set {
            Term::Value(Value::Set(members)) => members,
            Term::Attribute(attribute) | Term::Size(attribute) => {
                return Err(Unfilterable::Set(attribute.name.to_string()));
            }
            Term::Value(_) => return self.predicate(&Predicate::Never),
        };
        let (needle, type_) = self.side(needle)?;
        if members.is_empty() {
            if found {
                return self.predicate(&Predicate::Never);
            }
            self.pieces.extend(needle);
            self.text(" IS NOT NULL");
            return Ok(());
        }
        self.exact(&needle, type_);
        for (at, member) in members.iter().enumerate() {
            self.text(match (at, found) {
                (0, true) => " IN (",
                (0, false) => " NOT IN (",
                _ => ", ",
            });
            let (member, type_) = self.value(member)?;
            self.exact(&[member], type_);
        }
        self.text(")");
        Ok(())
    }

    fn exact(&mut self, side: &[Piece], type_: Type) {
        if type_ == Type::String {
            DB::exact(&mut self.pieces, side);
        } else {
            self.pieces.extend_from_slice(side);
        }
    }

    fn side(&self, term: &Term) -> Result<(Vec<Piece>, Type), Unfilterable> {
        match term {
            Term::Value(value) => self.value(value).map(|(value, type_)| (vec![value], type_)),
            Term::Attribute(attribute) | Term::Size(attribute)
                if attribute.type_.member().is_some() =>
            {
                Err(Unfilterable::Set(attribute.name.to_string()))
            }
            Term::Attribute(attribute) => Ok((self.column(attribute)?, attribute.type_)),
            Term::Size(attribute) => {
                let mut size = Vec::new();
                DB::size(&mut size, &self.column(attribute)?);
                Ok((size, Type::Integer))
            }
        }
    }

    fn value(&self, value: &Value) -> Result<(Piece, Type), Unfilterable> {
        Ok(match value {
            Value::Bool(value) => (Piece::Bool(*value), Type::Bool),
            Value::Integer(number) => (Piece::Integer(*number), Type::Integer),
            Value::Time(time) => (Piece::Integer(time.as_micros()), Type::Integer),
            Value::String(text) if !DB::ZERO_BYTES && text.contains('\0') => {
                return Err(Unfilterable::ZeroByte);
            }
            Value::String(text) => (Piece::String(text.to_string()), Type::String),
            Value::Set(_) => return Err(Unfilterable::Set("a literal".to_owned())),
        })
    }

    fn column(&self, attribute: &Attribute) -> Result<Vec<Piece>, Unfilterable> {
        let expression = self.columns.attributes.get(attribute.name.as_str()).copied();
        let none = || Unfilterable::NoColumn(attribute.name.to_string());
        expression.map(column).ok_or_else(none)
    }
}

fn sign(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}
