//! What happens is seen without a reload.

use crate::{
    DESKTOP, send_refund, start,
    support::{
        Api,
        browser::{Browser, with_browser},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_lights_up_without_a_reload() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    api.set_up_tutorial("acme_refunds", &format!("{}/bins/refunds", zis.base())).await;
    with_browser(zis.base(), DESKTOP, |browser| lights_up(browser, api)).await;
}

async fn lights_up(browser: Browser, api: Api) {
    browser.sign_in().await;
    browser.follow("Executions").await;
    browser.see("//div[@class='empty']").await;
    browser.run("window.loadedOnce = true").await;
    for count in 1..=2 {
        send_refund(&api).await;
        browser.see(&format!("//tbody[count(tr)={count}]")).await;
        browser.see(&format!("//tbody[count(tr[.//span[.='succeeded']])={count}]")).await;
        browser.see("//p[@id='news'][@role='status'][.='1 new']").await;
    }
    assert_eq!(browser.run("return window.loadedOnce").await, true, "the page was never loaded again");
}
