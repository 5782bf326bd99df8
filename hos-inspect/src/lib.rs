//! Laws as people look at them. A law is data; nothing here is needed to decide by it.

pub mod change;
mod columns;
pub mod drawing;
pub mod explore;
pub mod lint;
mod page;
pub mod table;
