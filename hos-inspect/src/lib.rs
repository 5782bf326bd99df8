//! Laws as people look at them. A law is data; nothing here is needed to decide by it.

pub mod cedar;
pub mod change;
mod columns;
pub mod drawing;
pub mod explore;
pub mod holders;
pub mod lint;
pub mod matrix;
mod page;
pub mod table;
