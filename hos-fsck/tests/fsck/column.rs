//! Columns whose bytes are changed, one by one, as a superuser can.

use crate::house::{House, Sort};

/// A column that proofs rest on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    is_text: bool,
    /// Its rows, and the place of each that a finding names.
    key: Key,
}

/// By what a row is found again.
#[derive(Debug, Clone, Copy)]
enum Key {
    Entry,
    Part,
    Leaf,
    Checkpoint,
    Deployment,
    Tile,
    Head,
}

const fn of(table: &'static str, column: &'static str, is_text: bool, key: Key) -> Column {
    Column { table, column, is_text, key }
}

pub(crate) const LEAF: Column = of("hos_entry", "leaf", true, Key::Entry);
pub(crate) const HASH: Column = of("hos_entry", "leaf_hash", false, Key::Entry);
pub(crate) const PLACED_HASH: Column = of("hos_leaf", "leaf_hash", false, Key::Leaf);
pub(crate) const SALT: Column = of("hos_part", "salt", false, Key::Part);
pub(crate) const BODY: Column = of("hos_part", "body", true, Key::Part);
pub(crate) const NOTE: Column = of("hos_checkpoint", "note", true, Key::Checkpoint);
pub(crate) const ANCHOR: Column = of("hos_deployment", "note", true, Key::Deployment);
pub(crate) const ANCHOR_HASH: Column = of("hos_deployment", "leaf_hash", false, Key::Deployment);
pub(crate) const TILE: Column = of("hos_tile", "hashes", false, Key::Tile);
pub(crate) const TILE_ROOT: Column = of("hos_tile", "root", false, Key::Tile);
const HEAD: Column = of("hos_scope", "log_frontier", false, Key::Head);
const SERVER_HEAD: Column = of("hos_log", "frontier", false, Key::Head);

/// The column of heads.
pub(crate) fn head(sort: Sort) -> Column {
    if sort == Sort::Sqlite { HEAD } else { SERVER_HEAD }
}

/// All of a database.
pub(crate) fn all(sort: Sort) -> Vec<Column> {
    let mut all =
        vec![LEAF, HASH, SALT, BODY, NOTE, ANCHOR, ANCHOR_HASH, TILE, TILE_ROOT, head(sort)];
    all.extend((sort != Sort::Sqlite).then_some(PLACED_HASH));
    all
}

/// A value of a column.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The condition that is true of its row alone.
    row: String,
    /// The index of the entry that it is of, where that is in the row.
    pub(crate) index: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

impl Column {
    /// Its values, those of a tenant or of all.
    pub(crate) async fn read(&self, house: &House, tenant: Option<&str>) -> Vec<Cell> {
        let (row, index) = self.row(house.sort);
        let hex = match (house.sort, self.is_text) {
            (Sort::Postgres, true) => format!("encode(convert_to({}, 'UTF8'), 'hex')", self.column),
            (Sort::Postgres, false) => format!("encode({}, 'hex')", self.column),
            _ => format!("hex({})", self.column),
        };
        let scope = match (house.sort, self.key) {
            (Sort::Sqlite, Key::Head) => "number",
            (Sort::Sqlite, Key::Part) => "entry >> 40",
            _ => "scope",
        };
        let filter = tenant.map_or(String::new(), |tenant| {
            format!("AND {scope} = (SELECT number FROM hos_scope WHERE tenant = '{tenant}')")
        });
        let query = format!(
            "SELECT {row}, {hex}, {index} FROM {} WHERE length({}) > 0 {filter} ORDER BY 1",
            self.table, self.column
        );
        let cell = |[row, hex, index]: [String; 3]| {
            let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let bytes = (0..hex.len()).step_by(2).map(digit).collect();
            Cell { row, bytes, index: index.parse().ok() }
        };
        house.read(&query).await.into_iter().map(cell).collect()
    }

    /// Writes values.
    pub(crate) async fn write(&self, house: &House, cells: &[Cell]) {
        let statement = |cell: &Cell| {
            let hex: String = cell.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let value = match (house.sort, self.is_text) {
                (Sort::Postgres, true) => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')"),
                (Sort::Postgres, false) => format!("decode('{hex}', 'hex')"),
                (Sort::Mariadb, true) => format!("CONVERT(x'{hex}' USING utf8mb4)"),
                (Sort::Sqlite, true) => format!("CAST(x'{hex}' AS TEXT)"),
                (Sort::Mariadb | Sort::Sqlite, false) => format!("x'{hex}'"),
            };
            format!("UPDATE {} SET {} = {value} WHERE {};", self.table, self.column, cell.row)
        };
        let statements: String = cells.iter().map(statement).collect();
        house.tamper(&format!("BEGIN; {statements} COMMIT")).await;
    }

    /// The value with another byte. A server takes only text as text, so that there an ASCII one
    /// is changed: that one, or the next.
    pub(crate) fn changed(&self, sort: Sort, cell: &Cell, at: usize, by: u8) -> Cell {
        let mut cell = cell.clone();
        let is_text = self.is_text && sort != Sort::Sqlite;
        let next = cell.bytes[at..].iter().position(|byte| !is_text || byte.is_ascii());
        let at = at + next.unwrap();
        let old = cell.bytes[at];
        cell.bytes[at] = match is_text {
            true if old == b'a' + by % 26 => b'0' + by % 10,
            true => b'a' + by % 26,
            false => old ^ by.max(1),
        };
        cell
    }

    /// What makes the condition of a row, and the index.
    fn row(&self, sort: Sort) -> (&'static str, &'static str) {
        match (sort, self.key) {
            (Sort::Sqlite, Key::Entry) => ("'position = ' || position", "CAST(leaf_index AS TEXT)"),
            (Sort::Sqlite, Key::Part) => (
                "'entry = ' || entry || ' AND name = ' || quote(name)",
                "CAST(entry & 1099511627775 AS TEXT)",
            ),
            (Sort::Sqlite, Key::Tile) => ("'position = ' || position", "CAST(place AS TEXT)"),
            (Sort::Sqlite, Key::Checkpoint) => {
                ("'scope = ' || scope || ' AND size = ' || size", "''")
            }
            (Sort::Sqlite, Key::Deployment) => {
                ("'leaf_index = ' || leaf_index", "CAST(leaf_index AS TEXT)")
            }
            (Sort::Sqlite, Key::Head) => ("'number = ' || number", "''"),
            (Sort::Sqlite, Key::Leaf) => ("''", "''"),
            (Sort::Postgres, Key::Entry) => (
                "'id = ' || quote_literal(id::text)",
                "(SELECT l.leaf_index::text FROM hos_leaf l WHERE l.entry = id)",
            ),
            (Sort::Postgres, Key::Part) => (
                "format('entry = %L AND name = %L', entry, name)",
                "(SELECT l.leaf_index::text FROM hos_leaf l WHERE l.entry = hos_part.entry)",
            ),
            (Sort::Mariadb, Key::Entry) => (
                "concat('id = x''', hex(id), '''')",
                "(SELECT CAST(l.leaf_index AS CHAR) FROM hos_leaf l WHERE l.entry = id)",
            ),
            (Sort::Mariadb, Key::Part) => (
                "concat('entry = x''', hex(entry), ''' AND name = ', quote(name))",
                "(SELECT CAST(l.leaf_index AS CHAR) FROM hos_leaf l
                      WHERE l.entry = hos_part.entry)",
            ),
            (_, Key::Leaf) => (
                "concat('scope = ', scope, ' AND leaf_index = ', leaf_index)",
                "concat('', leaf_index)",
            ),
            (_, Key::Checkpoint) => ("concat('scope = ', scope, ' AND size = ', size)", "''"),
            (_, Key::Deployment) => ("concat('leaf_index = ', leaf_index)", "''"),
            (_, Key::Tile) => (
                "concat('scope = ', scope, ' AND level = ', level, ' AND place = ', place)",
                "concat('', place)",
            ),
            (_, Key::Head) => ("concat('scope = ', scope)", "''"),
        }
    }
}
