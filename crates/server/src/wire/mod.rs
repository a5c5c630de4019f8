//! Between HTTP and the handlers: bodies, queries, pages, and the table of endpoints.

pub mod body;
pub mod page;
pub mod query;
pub mod routes;
pub mod secret;

pub use body::Json;
pub use page::{CursorOut, MetaOut};
pub use query::Query;
pub use routes::{Endpoint, Routes};
