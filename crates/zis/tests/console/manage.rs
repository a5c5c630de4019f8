//! What is managed in the console: versions, links, webhooks, connections, users, tokens, clients.

use serde_json::json;

use crate::{
    BUNDLE, DESKTOP, send_refund, start,
    support::{
        Api,
        browser::{Browser, with_browser},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    api.set_up_tutorial("acme_refunds", &format!("{}/bins/refunds", zis.base())).await;
    let newer = BUNDLE.replace("INTEGRATION", "acme_refunds").replace("EXTERNAL_TARGET_URL", "http://127.0.0.1/newer");
    let newer = serde_json::from_str(&newer).expect("the example is JSON");
    api.call("POST", "/api/services/zis/registry/acme_refunds/bundles", &newer).await;
    with_browser(zis.base(), DESKTOP, comes_back).await;
}

async fn comes_back(browser: Browser) {
    browser.sign_in().await;
    browser.go("/console/integrations/acme_refunds").await;
    browser.click("//tbody//a[contains(@href, '/bundles/')]").await;
    browser.follow("What changed").await;
    browser.see("//ul[contains(@class, 'changes')]/li[contains(., '/bins/refunds')][contains(., '/newer')]").await;
    browser.press("Go back to this").await;
    browser.see("//tbody[count(tr)=3]/tr[1][.//span[.='current']]").await;
    browser.follow("What changed").await;
    browser.see("//ul[contains(@class, 'changes')]/li[contains(., '/newer')]/del").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_is_managed() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    api.set_up_tutorial("acme_refunds", &format!("{}/bins/refunds", zis.base())).await;
    with_browser(zis.base(), DESKTOP, |browser| managed(browser, api)).await;
}

async fn managed(browser: Browser, api: Api) {
    browser.sign_in().await;
    browser.go("/console/integrations/acme_refunds").await;
    connections(&browser, &api).await;
    webhooks(&browser, &api).await;
    configs_and_links(&browser).await;
}

async fn connections(browser: &Browser, api: &Api) {
    let row = |name: &str| format!("//tr[td[1]='{name}']");
    browser.see(&format!("{}/td[.='never']", row("zendesk"))).await;
    let large = crate::support::refund_event("123", "200.00", "basic");
    api.call("POST", "/api/v2/user_profiles/events", &large).await;
    send_refund(api).await;
    api.ended_executions(2).await;
    browser.go("/console/integrations/acme_refunds").await;
    browser.see(&format!("{}/td[4]/time", row("zendesk"))).await;

    browser.open("Connect with a secret").await;
    browser.fill("#c-name", "shop").await;
    browser.fill("#c-domain", "shop.example.com").await;
    browser.fill("#c-secret", "not-to-be-seen").await;
    browser.press_in("#secret", "Create").await;
    browser.see("//*[@role='status'][.='The connection is created.']").await;
    browser.click(&format!("{}//button[.='Delete']", row("shop"))).await;
    browser.confirm("Cancel").await;
    browser.see(&row("shop")).await;
    assert!(!browser.text().await.contains("not-to-be-seen"));

    browser.open("New OAuth client").await;
    for (field, text) in [
        ("#o-name", "github"),
        ("#o-id", "the-id"),
        ("#o-secret", "the-secret"),
        ("#o-auth", "https://github.example.com/authorize"),
        ("#o-token", "https://github.example.com/token"),
    ] {
        browser.fill(field, text).await;
    }
    browser.press_in("#new-client", "Register").await;
    browser.see(&row("github")).await;
    browser.open("Connect by OAuth").await;
    browser.fill("#c-oauth", "code").await;
    browser.click("//select[@id='c-client']/option[.='github']").await;
    browser.press_in("#connect", "Connect").await;
    browser.see("//a[.='Go there'][starts-with(@href, 'https://github.example.com/authorize?')]").await;
    browser.go("/console/integrations/acme_refunds").await;
    browser.press("Delete with its connections").await;
    browser.confirm("Delete with its connections").await;
    browser.see("//*[@role='status'][.='The client and its connections are gone.']").await;
}

async fn webhooks(browser: &Browser, api: &Api) {
    browser.open("New inbound webhook").await;
    browser.fill("#source_system", "shop").await;
    browser.fill("#event_type", "order_paid").await;
    browser.press_in("#new-webhook", "Create").await;
    let fact = |label: &str| format!("//dt[.='{label}']/following-sibling::dd/span");
    let read = async |label: &str| browser.see(&fact(label)).await.text().await.expect("a text");
    let (path, user, first) = (read("Path").await, read("User name").await, read("Password").await);
    browser.follow("Back to the integration").await;
    browser.press("New password").await;
    browser.confirm("New password").await;
    let second = read("Password").await;
    assert_ne!(first, second);
    let works = async |password: &str| {
        let credentials = basic(&format!("{user}:{password}"));
        let headers = [("authorization", credentials.as_str())];
        api.send("POST", &path, &headers, &json!({"order": 1})).await.expect("the server answers").0
    };
    assert_eq!(works(&second).await, 200);
    assert_eq!(works("wrong").await, 401);
    browser.follow("Back to the integration").await;
}

/// The header of basic authentication.
fn basic(credentials: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(credentials))
}

async fn configs_and_links(browser: &Browser) {
    browser.open("New config").await;
    browser.fill("#scope", "limits").await;
    browser.paste("#config", r#"{"most": 100}"#).await;
    browser.press_in("#new-config", "Create").await;
    browser.see("//details[@id='config-limits']//textarea[contains(., '100')]").await;

    let link =
        json!({"link_type": "order_ticket", "left_object": {"name": "order 1"}, "right_object": {"name": "ticket 7"}});
    assert_eq!(browser.post("/api/services/zis/links/acme_refunds", &link).await, 201);
    browser.go("/console/integrations/acme_refunds").await;
    browser.see("//tr[td[.='order_ticket'] and td[.='order 1'] and td[.='ticket 7']]").await;
    browser.fill("#link_type", "other").await;
    browser.press("Show").await;
    browser.see("//div[@class='empty'][.='None of this type.']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_tokens_and_clients_come_and_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let zis = start(folder.path());
    let api = Api::new(zis.base());
    with_browser(zis.base(), DESKTOP, |browser| come_and_go(browser, api)).await;
}

async fn come_and_go(browser: Browser, api: Api) {
    browser.sign_in().await;
    browser.follow("Settings").await;
    browser.open("New API token").await;
    browser.fill("#description", "CI").await;
    browser.press_in("#new-token", "Create").await;
    let token = browser.see("//pre[@id='secret']").await.text().await.expect("a text");
    let me = async || {
        let credentials = basic(&format!("{}/token:{token}", crate::support::EMAIL));
        api.send("GET", "/api/zis/v1/executions", &[("authorization", &credentials)], &json!(null))
            .await
            .expect("an answer")
            .0
    };
    assert_eq!(me().await, 200);
    browser.follow("Back").await;
    browser.press("Revoke").await;
    browser.confirm("Revoke").await;
    browser.see("//*[@role='status'][.='The token is revoked.']").await;
    assert_eq!(me().await, 401);

    browser.open("New OAuth client").await;
    browser.fill("#client-name", "Reports").await;
    browser.fill("#client-identifier", "reports").await;
    browser.press_in("#new-client", "Create").await;
    browser.see("//pre[@id='secret'][string-length(.) > 20]").await;
    browser.follow("Back").await;
    browser.click("//tr[td[.='reports']]//button[.='Delete']").await;
    browser.confirm("Delete").await;
    browser.see("//*[@role='status'][.='The OAuth client is gone.']").await;

    browser.open("New user").await;
    browser.fill("#name", "Ann").await;
    browser.fill("#email", "ann@example.com").await;
    browser.fill("#password", "a-long-password").await;
    browser.press_in("#new-user", "Create").await;
    browser.click("//tr[td[.='ann@example.com']]//button[.='Delete']").await;
    browser.confirm("Delete").await;
    browser.see("//*[@role='status'][.='The user is gone.']").await;
}
