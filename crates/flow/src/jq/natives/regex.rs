//! Regular expressions.

use jaq_core::native::Filter;

use super::{super::Kind, RunPtr};

pub(super) fn table() -> Vec<Filter<RunPtr<Kind>>> {
    Vec::new()
}
