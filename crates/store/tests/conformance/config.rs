//! Configs: scopes, patterns, merges.

use zis_flow::{Timestamp, Value};
use zis_store::{AccountId, Store, StoreError, config, page::Page, pattern::Pattern};

const ACCOUNT: AccountId = AccountId(7);

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap()
}

async fn create(store: &Store, scope: &str, text: &str) -> Result<config::Config, StoreError> {
    config::create(store, ACCOUNT, "acme", scope, &json(text), Timestamp(1)).await
}

async fn scopes(store: &Store, pattern: &str, page: Page) -> (String, bool) {
    let found = config::find(store, ACCOUNT, "acme", &Pattern::new(pattern), &page).await.unwrap();
    let scopes: Vec<_> = found.items.iter().map(|item| item.scope.clone()).collect();
    (scopes.join(" "), found.has_more)
}

fn page(size: usize) -> Page {
    Page { size, ..Page::default() }
}

pub async fn they_are_created_replaced_and_deleted(store: Store) {
    let made = create(&store, "a:b/c d", r#"{"z": 1, "a": [1.0, "x"]}"#).await.unwrap();
    assert!(made.id >= 0 && made.id < 1 << 53);
    let found = config::show(&store, ACCOUNT, "acme", "a:b/c d").await.unwrap();
    assert_eq!(found, Some(made.clone()));
    let taken = create(&store, "a:b/c d", "{}").await;
    assert!(matches!(taken, Err(StoreError::Duplicate { table }) if table == "config"));

    let replaced = config::replace(&store, ACCOUNT, "acme", "a:b/c d", &json(r#"{"n":2}"#), Timestamp(9)).await;
    let replaced = replaced.unwrap().unwrap();
    assert_eq!((replaced.id, replaced.version, replaced.updated_at), (made.id, 2, Timestamp(9)));
    assert_eq!(replaced.config.to_json(), r#"{"n":2}"#);
    let unknown = config::replace(&store, ACCOUNT, "acme", "other", &json("{}"), Timestamp(9)).await.unwrap();
    assert_eq!(unknown, None);
    let late = store.write(vec![config::succeed(&made, &json("{}"), Timestamp(10))]).await;
    assert!(matches!(late, Err(StoreError::Expectation { .. })));

    assert!(!config::delete(&store, ACCOUNT, "other", "a:b/c d").await.unwrap());
    assert!(config::delete(&store, ACCOUNT, "acme", "a:b/c d").await.unwrap());
    assert!(!config::delete(&store, ACCOUNT, "acme", "a:b/c d").await.unwrap());
}

pub async fn they_are_found_by_pattern(store: Store) {
    for scope in ["foo", "foo_1", "foo_2", "Foo_3", "foox1", "bar", "100%", "über"] {
        create(&store, scope, "{}").await.unwrap();
    }
    let all = async |pattern| {
        let (scopes, _) = scopes(&store, pattern, page(100)).await;
        // The order of mixed case is the database's own.
        let mut scopes: Vec<_> = scopes.split(' ').map(str::to_owned).collect();
        scopes.sort();
        scopes.join(" ")
    };
    assert_eq!(all("*").await, "100% Foo_3 bar foo foo_1 foo_2 foox1 über");
    assert_eq!(all("foo").await, "foo");
    assert_eq!(all("foo_*").await, "foo_1 foo_2");
    assert_eq!(all("foo*1").await, "foo_1 foox1");
    assert_eq!(all("*oo*").await, "Foo_3 foo foo_1 foo_2 foox1");
    assert_eq!(all("100%*").await, "100%");
    assert_eq!(all("%").await, "");
    assert_eq!(all("ü*").await, "über");
}

pub async fn pages_are_full_though_matches_are_rare(store: Store) {
    for at in 0..250 {
        create(&store, &format!("s{at:03}_{}", at % 100), "{}").await.unwrap();
    }
    assert_eq!(scopes(&store, "s*_7", page(2)).await, ("s007_7 s107_7".to_owned(), true));
    let after = Page { after: Some("s107_7".into()), ..page(2) };
    assert_eq!(scopes(&store, "s*_7", after).await, ("s207_7".to_owned(), false));
    let before = Page { before: Some("s207_7".into()), ..page(1) };
    assert_eq!(scopes(&store, "s*_7", before).await, ("s107_7".to_owned(), true));
}

pub async fn merges_go_deep_and_none_is_lost(store: Store) {
    let merge = |old: &str, patch: &str| config::merge(&json(old), &json(patch)).to_json();
    assert_eq!(merge(r#"{"a":{"b":1,"c":2},"l":[1,2]}"#, r#"{"a":{"c":3},"l":[9]}"#), r#"{"a":{"b":1,"c":3},"l":[9]}"#);
    assert_eq!(merge(r#"{"a":1}"#, r#"{"a":null,"b":{"x":1}}"#), r#"{"a":null,"b":{"x":1}}"#);
    assert_eq!(merge(r#"{"a":1}"#, r#"{"a":{"x":1}}"#), r#"{"a":{"x":1}}"#);

    create(&store, "shared", r#"{"n":{}}"#).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move {
                let patch = json(&format!(r#"{{"n":{{"k{at}":{at}}}}}"#));
                config::patch(&store, ACCOUNT, "acme", "shared", &patch, Timestamp(2)).await.unwrap().unwrap()
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let found = config::show(&store, ACCOUNT, "acme", "shared").await.unwrap().unwrap();
    assert_eq!(found.config.get("n").unwrap().as_object().unwrap().len(), 8);
    assert_eq!(found.version, 9);
    assert_eq!(config::patch(&store, ACCOUNT, "acme", "none", &json("{}"), Timestamp(2)).await.unwrap(), None);
}
