//! The registry: integrations, bundles with every version they ever had, job specs (spec 1).
//!
//! Every verb that changes what an event would run counts the catalog up in the same transaction ([`crate::catalog::bump`]), and the
//! count is the *generation* of an upload: uploads of an account are in one order, whichever node took them.

mod bundle;
mod integration;
mod job_spec;

pub use bundle::{
    Bundle, SpecIn, Upload, Uploaded, Version, bundles, by_name, delete_bundle, digest, document, latest_bundles,
    show_bundle, upload, versions,
};
pub use integration::{
    Integration, find_integrations, integrations, save_integration, show_integration, upsert_integration,
};
pub use job_spec::{InstalledSpec, JobSpec, install, installed, job_specs, orphans, show_job_spec, uninstall};
