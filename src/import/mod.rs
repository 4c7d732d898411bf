//! Cases from a court's table: CSV (UTF-8, GB18030) or XLSX. Every fault is told with its row; with one fault nothing is
//! taken in.
//!
//! The way of a table: `table` makes rows of cells of bytes, `cases` makes cases of rows, or a list of faults.
//!
//! **Not here:** whether the court has a case of that number (the server knows), and writing.

mod cases;
mod table;

#[cfg(test)]
mod tests;

pub use cases::{RowFault, cases};
pub use table::{Table, TableFault, read};
