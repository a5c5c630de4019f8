//! A failed execution: looked at, retried, alone and with others, and made into a test case.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::any};
use serde_json::{Value, json};

use crate::{
    DESKTOP, send_refund, start,
    support::{
        Api, Zis,
        browser::{Browser, with_browser},
    },
};

/// An outside that refuses until it is told not to.
pub async fn moody() -> (String, Arc<AtomicBool>) {
    async fn answer(State(good): State<Arc<AtomicBool>>) -> (StatusCode, axum::Json<Value>) {
        if good.load(Ordering::SeqCst) {
            (StatusCode::OK, axum::Json(json!({"started": true})))
        } else {
            (StatusCode::NOT_FOUND, axum::Json(json!({"error": "no such order"})))
        }
    }
    let good = Arc::new(AtomicBool::new(false));
    let listener = tokio::net::TcpListener::bind(Zis::free()).await.expect("a free port");
    let url = format!("http://{}/refund", listener.local_addr().expect("an address"));
    let router = Router::new().route("/refund", any(answer)).with_state(good.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, good)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_retried_and_becomes_a_test_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    let (url, good) = moody().await;
    api.set_up_tutorial("acme_refunds", &url).await;
    send_refund(&api).await;
    api.ended_executions(1).await;
    with_browser(zis.base(), DESKTOP, |browser| retries(browser, good)).await;
}

async fn retries(browser: Browser, good: Arc<AtomicBool>) {
    browser.sign_in().await;
    browser.see("//h2[.='Failed']/following::td[contains(., 'status code: 404')]").await;
    browser.click("//tbody//a[contains(@href, '/console/executions/')]").await;
    browser.see("//h1//span[.='failed']").await;
    browser.see("//li[@id='state-InitiateRefund']//pre[contains(., 'no such order')]").await;
    test_case_passes(&browser, "failed").await;

    good.store(true, Ordering::SeqCst);
    browser.press("Retry from the failure").await;
    browser.see("//h1//span[.='succeeded']").await;
    browser.see("//nav[@aria-label='Attempts']/a[2][@aria-current]").await;
    test_case_passes(&browser, "succeeded").await;
}

/// Saves the test case of the execution on the page beside its bundle, and runs it.
async fn test_case_passes(browser: &Browser, status: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = |link: &str| format!("return [...document.querySelectorAll('main a')].find((a) => {link}).pathname");
    let case = browser.run(&address("a.textContent === 'Save as a test case'")).await;
    let bundle = browser.run(&address("a.pathname.includes('/bundles/')")).await;
    let case = browser.fetch(case.as_str().expect("a path")).await;
    let bundle = browser.fetch(&format!("{}/document", bundle.as_str().expect("a path"))).await;
    assert!(case.contains(&format!("\"status\":\"{status}\"")), "{case}");
    std::fs::write(folder.path().join("it.zistest.yaml"), &case).expect("it is written");
    std::fs::write(folder.path().join("bundle.json"), bundle).expect("it is written");
    let output = Command::new(env!("CARGO_BIN_EXE_zis")).arg("test").arg(folder.path()).output().expect("zis runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}\n{case}", text(&output.stdout), text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_failed_are_retried_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    let (url, good) = moody().await;
    api.set_up_tutorial("acme_refunds", &url).await;
    for _ in 0..3 {
        send_refund(&api).await;
    }
    api.ended_executions(3).await;
    with_browser(zis.base(), DESKTOP, |browser| retries_many(browser, good)).await;
}

async fn retries_many(browser: Browser, good: Arc<AtomicBool>) {
    browser.sign_in().await;
    browser.go("/console/executions?status=failed").await;
    browser.see("//tbody[count(tr)=3]").await;
    browser.click("(//tbody//input[@type='checkbox'])[2]").await;
    good.store(true, Ordering::SeqCst);
    browser.press("Retry the selected").await;
    browser.see("//*[@role='status'][.='One execution is running again.']").await;
    browser.see("//tbody[count(tr)=2]").await;
    browser.press("Retry all that failed and match").await;
    browser.see("//*[@role='status'][.='2 executions are running again.']").await;
    browser.go("/console/executions?status=succeeded").await;
    browser.see("//tbody[count(tr)=3]").await;
}
