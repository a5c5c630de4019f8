//! The console without scripts: signing in, sending an event, looking at its execution, retrying it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    DESKTOP,
    failure::moody,
    start,
    support::{
        Api,
        browser::{Browser, with_plain_browser},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_scripts() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    let (url, good) = moody().await;
    api.set_up_tutorial("acme_refunds", &url).await;
    with_plain_browser(zis.base(), DESKTOP, |browser| by_hand(browser, api, good)).await;
}

async fn by_hand(browser: Browser, api: Api, good: Arc<AtomicBool>) {
    browser.sign_in().await;
    browser.follow("Integrations").await;
    browser.follow("acme_refunds").await;
    let hidden = browser.run("return document.querySelector('[data-script]').hidden").await;
    assert_eq!(hidden, true, "the page's script ran");

    browser.follow("Try it").await;
    browser.press("Send").await;
    api.ended_executions(1).await;
    browser.follow("Executions").await;
    browser.click("//tbody//a[contains(@href, '/console/executions/')]").await;
    browser.see("//h1//span[.='failed']").await;
    browser.see("//li[@id='state-InitiateRefund']//pre[contains(., 'no such order')]").await;
    browser.click("//li[@id='state-CheckRefundAmount']//summary").await;
    browser.see("//li[@id='state-CheckRefundAmount']//h3[.='Why']").await;

    good.store(true, Ordering::SeqCst);
    browser.press("Retry from the failure").await;
    browser.see("//h1//span[.!='failed']").await;
    api.ended_executions(1).await;
    browser.follow("Executions").await;
    browser.see("//tbody//tr[.//span[.='succeeded']]").await;
    browser.press("Sign out").await;
    browser.see("//h1[.='Sign in to zis']").await;
}
