//! Every page: fits a phone, is small, holds no style or script of its own, raises no complaint, and has no serious finding of axe-core, in
//! dark and light.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    PHONE, send_refund, start,
    support::{
        Api, axe,
        browser::{Browser, with_browser},
        refund_event,
    },
};

/// Bytes that a page may have.
const MOST: u64 = 100_000;

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

/// What a script sees of a page.
const LOOK: &str = "return {
    wide: document.documentElement.scrollWidth, inner: innerWidth,
    inline: document.querySelectorAll('[style], style, script:not([src])').length,
    headings: document.querySelectorAll('h1').length,
    size: new Blob([document.documentElement.outerHTML]).size,
    links: [...document.querySelectorAll('main a[href], header a[href]')].filter((a) => a instanceof HTMLAnchorElement)
        .map((a) => a.pathname + a.search).filter((path) => path.startsWith('/console/') && !/zistest|document$/.test(path)),
}";

/// Follows every link of the console, one page of each kind.
async fn all_pages(browser: Browser) {
    browser.go("/console/sign-in").await;
    has_no_serious_finding(&browser, "/console/sign-in").await;
    browser.sign_in().await;
    let apart = ["/console/executions/exe_none", "/console/nothing-none", "/console/explain/ZIS3001", "/console"];
    let mut waiting: Vec<String> = apart.map(str::to_owned).into();
    let mut kinds = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !kinds.insert(kind(&path)) {
            continue;
        }
        browser.go(&path).await;
        let page = browser.run(LOOK).await;
        assert!(
            page["wide"].as_u64() <= Some(u64::from(PHONE)) && page["inner"] == PHONE,
            "{path} is too wide: {page}"
        );
        assert_eq!(page["headings"], 1, "{path} has one heading of the first level");
        assert_eq!(page["inline"], 0, "{path} holds styles or scripts of its own");
        assert!(page["size"].as_u64() < Some(MOST), "{path} has {} bytes", page["size"]);
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty() || path.ends_with("none"), "{path}: {complaints:?}");
        has_no_serious_finding(&browser, &path).await;
        let links = page["links"].as_array().cloned().unwrap_or_default();
        waiting.extend(links.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    for needed in NEEDED {
        assert!(kinds.iter().any(|seen| seen.starts_with(needed)), "{needed} is not among {kinds:?}");
    }
}

const NEEDED: [&str; 15] = [
    "?",
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

/// Looks at the page in light and in dark, with everything on it opened.
async fn has_no_serious_finding(browser: &Browser, path: &str) {
    let Some(axe) = axe::script() else { return };
    browser.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })").await;
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        let findings = browser.axe(&axe).await;
        assert_eq!(findings, json!([]), "{path} in {scheme}");
    }
}
