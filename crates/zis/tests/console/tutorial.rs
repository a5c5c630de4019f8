//! The tutorial through the console alone.

use crate::{
    BUNDLE, DESKTOP, start,
    support::browser::{Browser, with_browser},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorial_needs_nothing_but_the_console() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    with_browser(zis.base(), DESKTOP, tutorial).await;
}

async fn tutorial(browser: Browser) {
    browser.sign_in().await;
    browser.follow("Integrations").await;
    browser.fill("#name", "acme_refunds").await;
    browser.fill("#description", "Refunds").await;
    browser.press("Create").await;

    browser.see("//h1[.='acme_refunds']").await;
    browser.press("Connect").await;
    browser.press("Allow").await;
    browser.see("//*[@role='status'][.='The connection is ready.']").await;
    browser.see("//td[.='zendesk']").await;

    let bin = format!("{}/bins/refunds", browser.base);
    let broken = BUNDLE.replace("\"Next\": \"InitiateRefund\"", "\"Next\": \"InitateRefund\"");
    browser.paste("#bundle", &broken).await;
    browser.press("Upload").await;
    browser.see("//h1[.='The bundle was refused']").await;
    browser.see("//span[contains(@class, 'wrong')][contains(., 'InitateRefund')]").await;

    browser
        .paste("[name=bundle]", &BUNDLE.replace("EXTERNAL_TARGET_URL", &bin).replace("INTEGRATION", "acme_refunds"))
        .await;
    browser.press("Upload again").await;
    browser.press("Install").await;
    browser.see("//span[.='installed']").await;

    browser.follow("Try it").await;
    browser.press("Send").await;
    browser.see("//h1[contains(., 'RefundRequestFlow')]//span[.='succeeded']").await;
    let taken = browser.run("return document.querySelectorAll('svg.flow .way.taken').length").await;
    assert_eq!(taken, 4, "the picture shows the way that the flow took");

    browser.follow("Bins").await;
    browser.follow("refunds").await;
    browser.see("//pre[contains(., 'order_id')]").await;
    browser.press("Sign out").await;
    browser.see("//h1[.='Sign in to zis']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_sets_the_tutorial_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    with_browser(zis.base(), DESKTOP, set_up).await;
}

/// From the button on the empty home, by the steps that the integration's page names.
async fn set_up(browser: Browser) {
    let done = |step: &str| format!("//ol[@class='steps']/li[@class='done']/a[.='{step}']");
    browser.sign_in().await;
    browser.press("Set up the refund tutorial").await;
    browser.see(&done("Upload a bundle")).await;
    browser.press("Connect").await;
    browser.press("Allow").await;
    browser.see(&done("Connect it to Zendesk")).await;
    browser.press("Install").await;
    browser.click("//section[@id='job-specs']//a[.='Try it']").await;
    browser.press("Send").await;
    browser.see("//h1[contains(., 'RefundRequestFlow')]//span[.='succeeded']").await;
    browser.follow("Home").await;
    browser.see("//h2[.='The last hour']").await;
}
