//! The registry through HTTP: integrations, bundles, job specs (spec 1).
#![allow(clippy::unwrap_used, reason = "a failed step ends the test")]

mod support;

use http::Method;
use serde_json::{Value, json};
use support::TestServer;

const REGISTRY: &str = "/api/services/zis/registry";

/// A bundle whose flow succeeds at once, with a job spec for each of `specs`.
fn bundle(name: &str, specs: &[&str]) -> Value {
    let flow = json!({"type": "ZIS::Flow", "properties": {"name": "Hello", "definition": {
        "StartAt": "Done", "States": {"Done": {"Type": "Succeed", "Message": "hello {{$.input.name}}"}}}}});
    let mut resources = serde_json::Map::from_iter([("Hello".to_owned(), flow)]);
    for spec in specs {
        resources.insert(
            (*spec).to_owned(),
            json!({"type": "ZIS::JobSpec", "properties": {"name": spec, "event_source": "shop",
                "event_type": format!("{spec}.happened"), "flow_name": "zis:acme:flow:Hello"}}),
        );
    }
    json!({"name": name, "description": "says hello", "zis_template_version": "2019-10-14", "resources": resources})
}

async fn upload(server: &TestServer, bundle: &Value) {
    server.post(&format!("{REGISTRY}/acme/bundles"), bundle.clone()).send().await.expect(200);
}

async fn install(server: &TestServer, spec: &str) -> support::Answer {
    let path = format!("{REGISTRY}/job_specs/install?job_spec_name=zis:acme:job_spec:{spec}");
    server.request(Method::POST, &path).send().await
}

/// `name` → `installed`.
async fn installed(server: &TestServer) -> Vec<(String, bool)> {
    let list = server.get(&format!("{REGISTRY}/acme/job_specs")).send().await.expect(200);
    let specs = list["job_specs"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        specs.map(|spec| (spec["name"].as_str().unwrap().to_owned(), spec["installed"].as_bool().unwrap())).collect();
    found.sort();
    found
}

#[tokio::test]
async fn an_integration_is_made_once_and_its_secret_shown_once() {
    let server = TestServer::start().await;
    let path = format!("{REGISTRY}/acme");
    let made = server.post(&path, json!({"description": "first"})).send().await.expect(200);
    let client = &made["zendesk_oauth_client"];
    assert_eq!(client["identifier"], "zis_acme");
    assert!(client["secret"].as_str().unwrap().len() > 20);
    assert_eq!(made["jwt_public_key"], "");

    let again = server.post(&path, json!({"description": "second"})).send().await.expect(200);
    assert_eq!(again["description"], "second");
    let keyed = server.post(&path, json!({"jwt_public_key": "-----BEGIN PUBLIC KEY-----"})).send().await.expect(200);
    assert_eq!(
        (&keyed["description"], &keyed["jwt_public_key"]),
        (&json!("second"), &json!("-----BEGIN PUBLIC KEY-----"))
    );
    assert_eq!(
        again["zendesk_oauth_client"],
        json!({"id": client["id"], "identifier": "zis_acme", "secret": "************"})
    );

    let list = server.get(&format!("{REGISTRY}/integrations")).send().await.expect(200);
    assert_eq!(list["integrations"].as_array().unwrap().len(), 1);
    assert_eq!(list["integrations"][0], keyed, "the secret is masked here too");
    assert_eq!(server.get(&format!("{REGISTRY}/integrations/acme")).send().await.expect(200)["name"], "acme");
    server.get(&format!("{REGISTRY}/integrations/nope")).send().await.expect(404);
}

/// Makes `acme` and gives its client as it is shown then.
async fn make(server: &TestServer) -> Value {
    server.post(&format!("{REGISTRY}/acme"), json!({})).send().await.expect(200)["zendesk_oauth_client"].clone()
}

/// Whether a token can be made for the client.
async fn works(server: &TestServer, client: &Value) -> bool {
    let token = json!({"token": {"client_id": client["id"], "scopes": ["read"]}});
    server.post("/api/v2/oauth/tokens", token).send().await.status == 201
}

#[tokio::test]
async fn an_integration_that_many_make_at_once_has_one_client() {
    let server = TestServer::start().await;
    let made = futures_util::future::join_all((0..8).map(|_| make(&server))).await;

    assert!(made.iter().all(|client| client["id"] == made[0]["id"]), "{made:?}");
    let secrets = made.iter().filter(|client| client["secret"] != "************").count();
    assert_eq!(secrets, 1, "{made:?}");
    assert!(works(&server, &made[0]).await);
}

#[tokio::test]
async fn an_integration_whose_client_was_deleted_gets_another() {
    let server = TestServer::start().await;
    let old = make(&server).await;
    let path = format!("/api/v2/oauth/clients/{}", old["id"]);
    let renamed = server.request(Method::PUT, &path).json(json!({"client": {"identifier": "mine"}})).send().await;
    assert_eq!(renamed.status, 422, "its identifier is its link to the integration: {}", renamed.text);
    server.request(Method::DELETE, &path).send().await.expect(204);
    assert!(!works(&server, &old).await);

    let new = make(&server).await;

    assert!(new["secret"].as_str().unwrap().len() > 20 && works(&server, &new).await, "{new}");
    assert_eq!(make(&server).await["id"], new["id"]);
}

#[tokio::test]
async fn names_that_cannot_be_used_are_refused() {
    let server = TestServer::start().await;
    for name in ["Acme", "a%20b", "job_specs", &"x".repeat(65)] {
        let (status, message) = server.post(&format!("{REGISTRY}/{name}"), json!({})).send().await.refusal();
        assert_eq!(status, 400, "{name}: {message}");
        assert!(message.contains("integration"), "{message}");
    }
    server.post(&format!("{REGISTRY}/integrations"), json!({})).send().await.expect(405);
    let (status, _) = server.request(Method::POST, &format!("{REGISTRY}/ok")).send().await.refusal();
    assert_eq!(status, 200, "an empty body is good");
}

#[tokio::test]
async fn a_bundle_is_uploaded_listed_shown_and_replaced() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let uploaded = server.post(&format!("{REGISTRY}/acme/bundles"), bundle("one", &["Spec"])).send().await;
    assert_eq!((uploaded.status.as_u16(), uploaded.text.as_str()), (200, ""));

    let list = server.get(&format!("{REGISTRY}/acme/bundles")).send().await.expect(200);
    let uuid = list["bundles"][0]["uuid"].as_str().unwrap().to_owned();
    let expected = json!([{"name": "one", "description": "says hello", "integration": "acme", "uuid": uuid,
        "zendesk_account_id": 1, "zis_template_version": "2019-10-14"}]);
    assert_eq!(list["bundles"], expected);
    assert_eq!(list["meta"], json!({"after": uuid, "before": uuid, "has_more": false}));

    let shown = server.get(&format!("{REGISTRY}/acme/bundles/{uuid}")).send().await.expect(200);
    assert_eq!(shown["resources"], bundle("one", &["Spec"])["resources"]);
    assert_eq!((&shown["uuid"], &shown["integration"]), (&json!(uuid), &json!("acme")));

    upload(&server, &bundle("one", &["Spec", "More"])).await;
    let list = server.get(&format!("{REGISTRY}/acme/bundles")).send().await.expect(200);
    assert_eq!(list["bundles"][0]["uuid"], json!(uuid), "the name keeps its uuid");
    server.get(&format!("{REGISTRY}/acme/bundles/nope")).send().await.expect(404);
    server.get(&format!("{REGISTRY}/other/bundles")).send().await.expect(404);
    server.post(&format!("{REGISTRY}/other/bundles"), bundle("one", &[])).send().await.expect(404);
}

#[tokio::test]
async fn faults_of_a_bundle_name_their_place() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    let path = format!("{REGISTRY}/acme/bundles");

    let answer = server.request(Method::POST, &path).body("{\n  \"name\": oops\n}").send().await;
    let body = answer.expect(400);
    assert_eq!(body["errors"][0]["line"], 2, "{body:#}");
    assert!(body["message"].as_str().unwrap().contains("line 2 column 11"), "{body:#}");
    assert_eq!(body["code"], "ZIS4010");

    let mut wrong = bundle("one", &[]);
    wrong["resources"]["Hello"]["properties"]["definition"]["StartAt"] = json!("Nowhere");
    let body = server.post(&path, wrong).send().await.expect(400);
    let error = &body["errors"][0];
    assert_eq!(error["pointer"], "/resources/Hello/properties/definition/StartAt", "{body:#}");
    assert!(error["detail"].as_str().unwrap().contains("/resources/Hello/properties/definition/StartAt"), "{body:#}");
    assert_eq!((&error["code"], &error["status"]), (&json!("1010"), &json!("400")));
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));

    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    server.request(Method::POST, &path).body(large).send().await.expect(413);
}

#[tokio::test]
async fn job_specs_are_installed_orphaned_and_uninstalled() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["Keep", "Drop"])).await;
    let name = |name: &str, installed: bool| (name.to_owned(), installed);
    assert_eq!(installed(&server).await, [name("Drop", false), name("Keep", false)]);

    install(&server, "Keep").await.expect(200);
    let encoded = format!("{REGISTRY}/job_specs/install?job_spec_name=zis%3Aacme%3Ajob_spec%3ADrop");
    server.request(Method::POST, &encoded).json(json!({})).send().await.expect(200);
    install(&server, "Keep").await.expect(200);
    assert_eq!(installed(&server).await, [name("Drop", true), name("Keep", true)]);

    // An upload: what is in it must be installed again, what is not goes on firing.
    upload(&server, &bundle("one", &["Keep"])).await;
    assert_eq!(installed(&server).await, [name("Drop", true), name("Keep", false)]);
    let orphans = server.get("/api/zis/v1/orphans").send().await.expect(200);
    assert_eq!(orphans["job_specs"][0]["name"], "zis:acme:job_spec:Drop");

    let path = format!("{REGISTRY}/job_specs/install?job_spec_name=zis:acme:job_spec:Drop");
    let uninstalled = server.delete(&path).json(json!({})).send().await;
    assert_eq!((uninstalled.status.as_u16(), uninstalled.text.as_str()), (200, ""));
    assert_eq!(installed(&server).await, [name("Keep", false)]);
    server.delete(&path.replace("Drop", "Keep")).send().await.expect(200);
    let (status, message) = server.delete(&path).send().await.refusal();
    assert_eq!((status, message.as_str()), (404, "one or more requested job specs is invalid"));
}

#[tokio::test]
async fn installing_what_is_in_no_bundle_is_refused_in_zis_words() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["Spec"])).await;
    for name in ["zis:acme:job_spec:Nope", "zis:other:job_spec:Spec", "zis:acme:flow:Hello", "Spec"] {
        let path = format!("{REGISTRY}/job_specs/install?job_spec_name={name}");
        let (status, message) = server.request(Method::POST, &path).send().await.refusal();
        assert_eq!((status, message.as_str()), (400, "one or more requested job specs is invalid"), "{name}");
    }
    let (status, message) =
        server.request(Method::POST, &format!("{REGISTRY}/job_specs/install")).send().await.refusal();
    assert_eq!((status, message.as_str()), (400, "query parameter `job_spec_name` is missing"));
}

#[tokio::test]
async fn the_legacy_installation_takes_all_or_nothing() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["A", "B"])).await;
    let path = "/api/services/zis/integrations/acme/job_specs/installation";
    let both = json!([{"name": "zis:acme:job_spec:A"}, {"name": "zis:acme:job_spec:Nope"}]);
    server.post(path, both).send().await.expect(400);
    assert!(installed(&server).await.iter().all(|(_, installed)| !installed));
    let both = json!([{"name": "zis:acme:job_spec:A"}, {"name": "zis:acme:job_spec:B"}]);
    server.post(path, both).send().await.expect(200);
    assert!(installed(&server).await.iter().all(|(_, installed)| *installed));
    server.post(path, json!([])).send().await.expect(400);
    server.post(path, json!({"name": "x"})).send().await.expect(400);
}

#[tokio::test]
async fn reinstall_on_upload_keeps_what_was_installed() {
    let server = TestServer::with(&[("registry.reinstall_on_upload", "true")]).await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["Spec"])).await;
    install(&server, "Spec").await.expect(200);
    upload(&server, &bundle("one", &["Spec", "New"])).await;
    assert_eq!(installed(&server).await, [("New".to_owned(), false), ("Spec".to_owned(), true)]);
}

#[tokio::test]
async fn lists_page_in_both_directions() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    for name in ["a", "b", "c"] {
        upload(&server, &bundle(name, &[])).await;
    }
    let page = async |query: &str| {
        let body = server.get(&format!("{REGISTRY}/acme/bundles?{query}")).send().await.expect(200);
        let names: Vec<_> = body["bundles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bundle| bundle["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(""), body["meta"].clone())
    };
    let (names, first) = page("page[size]=2").await;
    assert_eq!((names.as_str(), &first["has_more"]), ("ab", &json!(true)));
    let (names, second) = page(&format!("page%5Bsize%5D=2&page%5Bafter%5D={}", first["after"].as_str().unwrap())).await;
    assert_eq!((names.as_str(), &second["has_more"]), ("c", &json!(false)));
    let (names, _) = page(&format!("page[size]=2&page[before]={}", second["before"].as_str().unwrap())).await;
    assert_eq!(names, "ab");
    server.get(&format!("{REGISTRY}/acme/bundles?page[size]=nine")).send().await.expect(400);
}

#[tokio::test]
async fn lists_have_twenty_items_on_a_page_and_a_hundred_at_most() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    for number in 0..101 {
        upload(&server, &bundle(&number.to_string(), &[])).await;
    }
    for (query, count, more) in [("", 20, true), ("?page[size]=100", 100, true), ("?page[size]=1000", 100, true)] {
        let body = server.get(&format!("{REGISTRY}/acme/bundles{query}")).send().await.expect(200);
        let bundles = body["bundles"].as_array().unwrap();
        assert_eq!((bundles.len(), &body["meta"]["has_more"]), (count, &json!(more)), "{query}");
        assert!(bundles.iter().all(|bundle| bundle.get("resources").is_none()));
    }
}

#[tokio::test]
async fn versions_can_be_compared_and_brought_back() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["Spec"])).await;
    upload(&server, &bundle("one", &["Other"])).await;
    let list = server.get(&format!("{REGISTRY}/acme/bundles")).send().await.expect(200);
    let base = format!("/api/zis/v1/integrations/acme/bundles/{}", list["bundles"][0]["uuid"].as_str().unwrap());

    let versions = server.get(&format!("{base}/versions")).send().await.expect(200);
    let versions = versions["versions"].as_array().unwrap().clone();
    assert_eq!((versions.len(), &versions[0]["current"], &versions[1]["current"]), (2, &json!(true), &json!(false)));

    let diff = server.get(&format!("{base}/diff")).send().await.expect(200);
    let changes: Vec<_> =
        diff["changes"].as_array().unwrap().iter().map(|change| (&change["pointer"], &change["kind"])).collect();
    assert_eq!(
        changes,
        [(&json!("/resources/Other"), &json!("added")), (&json!("/resources/Spec"), &json!("removed"))]
    );

    install(&server, "Other").await.expect(200);
    let back = server.post(&format!("{base}/rollback"), json!({})).send().await.expect(200);
    assert_eq!(back["digest"], versions[1]["digest"]);
    // And forth: what fired goes on firing, without being installed again.
    let name = |name: &str, installed: bool| (name.to_owned(), installed);
    assert_eq!(installed(&server).await, [name("Other", true), name("Spec", false)]);
    server.post(&format!("{base}/rollback"), json!({})).send().await.expect(200);
    assert_eq!(installed(&server).await, [name("Other", true)]);
    server.post(&format!("{base}/rollback"), json!({})).send().await.expect(200);
    let old = server.get(&format!("{base}/versions/{}", back["digest"].as_str().unwrap())).send().await.expect(200);
    assert_eq!(old, bundle("one", &["Spec"]));
    server.post(&format!("{base}/rollback"), json!({"digest": "00"})).send().await.expect(404);
}

#[tokio::test]
async fn strict_uploads_refuse_an_action_of_another_bundle() {
    let server = TestServer::with(&[("registry.strict_upload", "true")]).await;
    server.integration("acme").await;
    let with_action = |name: &str| {
        let mut bundle = bundle(name, &[]);
        bundle["resources"]["act"] = json!({"type": "ZIS::Action::Http", "properties": {"name": "act",
            "definition": {"method": "GET", "url": "https://example.com"}}});
        bundle
    };
    upload(&server, &with_action("one")).await;
    upload(&server, &with_action("one")).await;
    let (status, message) = server.post(&format!("{REGISTRY}/acme/bundles"), with_action("two")).send().await.refusal();
    assert_eq!((status, message.as_str()), (400, "action `act` is defined by bundle `one` already"));
}

#[tokio::test]
async fn a_deleted_bundle_is_gone_with_its_job_specs() {
    let server = TestServer::start().await;
    server.integration("acme").await;
    upload(&server, &bundle("one", &["Spec"])).await;
    install(&server, "Spec").await.expect(200);
    let list = server.get(&format!("{REGISTRY}/acme/bundles")).send().await.expect(200);
    let path = format!("/api/zis/v1/integrations/acme/bundles/{}", list["bundles"][0]["uuid"].as_str().unwrap());
    server.delete(&path).send().await.expect(204);
    server.delete(&path).send().await.expect(404);
    assert_eq!(installed(&server).await, []);
    let event = json!({"source": "shop", "type": "Spec.happened", "payload": {}});
    assert_eq!(server.post("/api/zis/v1/events", event).send().await.expect(202)["executions"], json!([]));
}
