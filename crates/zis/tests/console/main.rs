//! The console in a real browser: the tutorial by mouse and keyboard, an execution that lights up live, a failure made into a test case,
//! everything that can be managed, the same without scripts, and every page on a small screen, in dark and light, under axe-core's eyes.

#[path = "../support/mod.rs"]
mod support;

mod failure;
mod keys;
mod live;
mod manage;
mod pages;
mod plain;
mod tutorial;

use std::path::Path;

use support::{Api, Zis, refund_event};

const BUNDLE: &str = include_str!("../../../../examples/refund-router/bundle.json");
const DESKTOP: u32 = 1280;
const PHONE: u32 = 390;

fn start(folder: &Path) -> Zis {
    Zis::start(folder, Zis::free(), &[("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")])
}

async fn send_refund(api: &Api) {
    api.call("POST", "/api/v2/user_profiles/events", &refund_event("789", "100.00", "basic")).await;
}
