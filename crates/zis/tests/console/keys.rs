//! The keyboard reaches everything, and one sees where it is.

use std::collections::BTreeSet;

use crate::{
    DESKTOP, send_refund, start,
    support::{
        Api,
        browser::{Browser, with_browser},
    },
};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
/// More than there are stops on the page.
const STOPS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_read_with_the_keyboard() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    api.set_up_tutorial("acme_refunds", &format!("{}/bins/refunds", zis.base())).await;
    send_refund(&api).await;
    api.ended_executions(1).await;
    with_browser(zis.base(), DESKTOP, by_keys).await;
}

/// What has the focus: its text, or `end` after the last one, and whether it can be seen. A state of the picture shows it by its frame.
const FOCUS: &str = "const on = document.activeElement, style = getComputedStyle(on); return [
    on === document.body ? 'end' : on.closest('svg') ? 'state' : on.textContent.trim(),
    style.outlineStyle !== 'none' || getComputedStyle(on.querySelector('rect') || on).strokeWidth === '3px',
]";

async fn by_keys(browser: Browser) {
    browser.sign_in().await;
    browser.follow("Executions").await;
    browser.click("//tbody//a[contains(@href, '/console/executions/')]").await;
    browser.see("//h1//span[.='succeeded']").await;
    let mut reached = BTreeSet::new();
    for stop in 0..STOPS {
        browser.key(TAB).await;
        let focus = browser.run(FOCUS).await;
        if focus[0] == "end" {
            break;
        }
        assert_eq!(focus[1], true, "stop {stop} can't be seen: {focus}");
        let text = focus[0].as_str().unwrap_or_default().to_owned();
        if text.starts_with("doneInitiateRefund") {
            browser.key(ENTER).await;
            browser.see("//li[@id='state-InitiateRefund']/details[@open]").await;
        }
        reached.insert(text);
    }
    for needed in [
        "Skip to the content",
        "Executions",
        "Copy",
        "Retry from the start",
        "Save as a test case",
        "state",
        "Fit",
        "Sign out",
    ] {
        assert!(reached.contains(needed), "{needed} is not among {reached:?}");
    }
}
