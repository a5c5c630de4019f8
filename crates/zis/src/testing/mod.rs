//! Running flows without a server: mocks for the outside, case files, expectations, coverage. Used by `zis run` and `zis test`.

pub mod case;
pub mod coverage;
pub mod expect;
pub mod mock;
pub mod report;
pub mod subject;
pub mod world;
