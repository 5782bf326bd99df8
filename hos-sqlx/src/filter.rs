//! A list's filter as an SQL predicate over a world's own table.
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use hos_core::laws::Filter;
//! use hos_sqlx::filter::{Columns, Unfilterable};
//! use sqlx::{QueryBuilder, Sqlite};
//!
//! const ORDERS: Columns = Columns::new(
//!     "order",
//!     "o.tenant",
//!     &[("id", "o.id"), ("state", "o.status"), ("customer", "o.customer_id")],
//! );
//!
//! fn list(filter: &Filter) -> Result<QueryBuilder<Sqlite>, Unfilterable> {
//!     let mut list = QueryBuilder::new("SELECT o.id FROM orders AS o WHERE ");
//!     ORDERS.push(&mut list, filter)?;
//!     list.push(" ORDER BY o.id LIMIT 50");
//!     Ok(list)
//! }
//! # }
//! ```

mod dialect;

use std::marker::PhantomData;
use std::slice;

use hos_core::condition::{Attribute, Comparison, Predicate, Term};
use hos_core::laws::Filter;
use hos_core::value::{Type, Value};
use sqlx::QueryBuilder;

use dialect::{Dialect, Piece};

/// A database whose lists can be filtered: each that a store of this crate is for.
pub trait Filterable: Dialect {}

impl<DB: Dialect> Filterable for DB {}

/// Where a world's table keeps what conditions read of a subject.
///
/// A column is an SQL expression of the world's own. It is NULL exactly where the subject has no
/// such attribute, and else holds its value: a bool as the database's own (0 or 1 on SQLite and
/// MariaDB), an integer, a text, a time as an integer of microseconds since 1970. The database's
/// encoding is UTF-8 (of MariaDB's columns, utf8mb4), and texts are of a type that keeps them as
/// they are, which `CHAR(n)` does not.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    kind: &'static str,
    tenant: &'static str,
    attributes: &'static [(&'static str, &'static str)],
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
    /// A table of subjects of one kind: its column of tenants, then each attribute with its
    /// column. `id`, `state` and `revision` are attributes too.
    #[must_use]
    pub const fn new(
        kind: &'static str,
        tenant: &'static str,
        attributes: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { kind, tenant, attributes }
    }

    /// Adds a filter to a query, in parentheses: its tenant, and what subjects must be like.
    ///
    /// It is to be true: put it in a `WHERE`, beside others with `AND`, and never under a `NOT`,
    /// which would turn what is unknown into what is allowed.
    ///
    /// # Errors
    ///
    /// [`Unfilterable`]; then nothing was added.
    pub fn push<DB: Filterable>(
        &self,
        query: &mut QueryBuilder<DB>,
        filter: &Filter,
    ) -> Result<(), Unfilterable> {
        self.push_any(query, slice::from_ref(filter))
    }

    /// As [`Columns::push`], for what passes one filter or another: a list over several tenants.
    /// Nothing passes none.
    ///
    /// # Errors
    ///
    /// [`Unfilterable`]; then nothing was added.
    pub fn push_any<DB: Filterable>(
        &self,
        query: &mut QueryBuilder<DB>,
        filters: &[Filter],
    ) -> Result<(), Unfilterable> {
        let other = filters.iter().find(|filter| filter.kind().as_str() != self.kind);
        if let Some(other) = other {
            return Err(Unfilterable::Kind(other.kind().to_string()));
        }
        let alike = alike(filters)?;
        let levels: usize = alike.iter().map(|(predicate, _)| 1 + depth(predicate)).sum();
        let mut writer = Writer::<DB> { columns: self, pieces: Vec::new(), dialect: PhantomData };
        writer.text("(");
        if alike.is_empty() {
            writer.predicate(&Predicate::Never)?;
        }
        for (at, (predicate, tenants)) in alike.iter().enumerate() {
            writer.text(if at == 0 { "(" } else { " OR (" });
            writer.tenants(tenants);
            writer.text(" AND ");
            writer.predicate(predicate)?;
            writer.text(")");
        }
        writer.text(")");
        let bound = writer.pieces.iter().filter(|piece| !matches!(piece, Piece::Text(_))).count();
        if bound > BOUND_MAX || levels > DEPTH_MAX {
            return Err(Unfilterable::TooLarge);
        }
        for piece in writer.pieces {
            DB::push(query, piece);
        }
        Ok(())
    }
}

/// What subjects must be like, each with the tenants of which it is asked.
fn alike(filters: &[Filter]) -> Result<Vec<(&Predicate, Vec<&str>)>, Unfilterable> {
    let mut alike: Vec<(&Predicate, Vec<&str>)> = Vec::new();
    for filter in filters {
        let (predicate, tenant) = (filter.predicate(), filter.tenant().as_str());
        if alike.len() > DEPTH_MAX {
            return Err(Unfilterable::TooLarge);
        }
        match alike.iter_mut().find(|(known, _)| *known == predicate) {
            Some((_, tenants)) => tenants.push(tenant),
            None => alike.push((predicate, vec![tenant])),
        }
    }
    Ok(alike)
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

    /// Equality as the columns themselves compare is asked too, as of texts.
    fn tenants(&mut self, tenants: &[&str]) {
        let tenant = column(self.columns.tenant);
        let pieces: Vec<Piece> =
            tenants.iter().map(|tenant| Piece::String((*tenant).to_owned())).collect();
        if let [one] = pieces.as_slice() {
            return self.compare_texts(&tenant, Comparison::Equal, slice::from_ref(one));
        }
        self.pieces.extend_from_slice(&tenant);
        for (at, piece) in pieces.iter().enumerate() {
            self.text(if at == 0 { " IN (" } else { ", " });
            self.pieces.push(piece.clone());
        }
        self.text(") AND ");
        DB::exact(&mut self.pieces, &tenant);
        for (at, piece) in pieces.iter().enumerate() {
            self.text(if at == 0 { " IN (" } else { ", " });
            DB::exact(&mut self.pieces, slice::from_ref(piece));
        }
        self.text(")");
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
        let mut named = self.columns.attributes.iter();
        let named = named.find(|(name, _)| *name == attribute.name.as_str());
        let none = || Unfilterable::NoColumn(attribute.name.to_string());
        named.map(|(_, expression)| column(expression)).ok_or_else(none)
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
