//! The console in a real browser: the tutorial by mouse and keyboard, an execution that lights up live, a failure made into a test case,
//! and every page on a small screen.

mod support;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::any};
use serde_json::{Value, json};
use support::{
    Api, Zis,
    browser::{Browser, with_browser},
    refund_event,
};

const BUNDLE: &str = include_str!("../../../examples/refund-router/bundle.json");
const DESKTOP: u32 = 1280;
const PHONE: u32 = 390;
/// Bytes that a page may have.
const MOST: u64 = 100_000;

fn start(folder: &Path) -> Zis {
    Zis::start(folder, Zis::free(), &[("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")])
}

async fn send_refund(api: &Api) {
    api.call("POST", "/api/v2/user_profiles/events", &refund_event("789", "100.00", "basic")).await;
}

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
    browser.press("Start").await;
    browser.follow("Go to Zendesk").await;
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
    }
    assert_eq!(browser.run("return window.loadedOnce").await, true, "the page was never loaded again");
}

/// An outside that refuses until it is told not to.
async fn moody() -> (String, Arc<AtomicBool>) {
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
    browser.see("//tbody//a[contains(@href, '/console/executions/')]").await.click().await.expect("a link");
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
async fn every_page_fits_a_phone_and_raises_no_complaint() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    api.set_up_tutorial("acme_refunds", &format!("{}/bins/refunds", zis.base())).await;
    send_refund(&api).await;
    api.call("POST", "/api/v2/user_profiles/events", &refund_event("123", "200.00", "basic")).await;
    api.ended_executions(2).await;
    with_browser(zis.base(), PHONE, all_pages).await;
}

/// Ids, names and values do not make another kind of page: `integrations/*/bundles/*?from&to`.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts = path.split('/').skip(2).enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "*" });
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", parts.collect::<Vec<_>>().join("/"), names.join("&"))
}

/// Follows every link of the console, one page of each kind.
async fn all_pages(browser: Browser) {
    browser.sign_in().await;
    let mut waiting = vec!["/console".to_owned()];
    let mut kinds = std::collections::BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !kinds.insert(kind(&path)) {
            continue;
        }
        browser.go(&path).await;
        let page = browser
            .run("return {wide: document.documentElement.scrollWidth, inner: innerWidth, \
                  inline: document.querySelectorAll('[style], style, script:not([src])').length, size: document.documentElement.outerHTML.length, \
                  links: [...document.querySelectorAll('main a[href], header a[href]')].filter((a) => a instanceof HTMLAnchorElement).map((a) => a.pathname + a.search) \
                    .filter((path) => path.startsWith('/console/') && !/zistest|document$/.test(path))}")
            .await;
        assert!(
            page["wide"].as_u64() <= page["inner"].as_u64() && page["inner"] == PHONE,
            "{path} is too wide: {page}"
        );
        assert_eq!(page["inline"], 0, "{path} holds styles or scripts of its own");
        assert!(page["size"].as_u64() < Some(MOST), "{path} has {} bytes", page["size"]);
        assert_eq!(browser.complaints().await, [""; 0], "{path}");
        let links = page["links"].as_array().cloned().unwrap_or_default();
        waiting.extend(links.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    let needed = [
        "executions?",
        "executions/*?",
        "events/*?",
        "integrations?",
        "integrations/*?",
        "integrations/*/bundles/*?",
        "integrations/*/flows/*/",
        "try?",
        "zendesk?",
        "zendesk/*/",
        "bins?",
        "bins/*?",
        "logs?",
        "settings?",
    ];
    for kind in needed {
        assert!(kinds.iter().any(|seen| seen.starts_with(kind)), "{kind} is not among {kinds:?}");
    }
}
