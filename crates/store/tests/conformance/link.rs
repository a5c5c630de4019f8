//! Links: the triple, patterns, pages.

use zis_flow::{Timestamp, Value};
use zis_store::{
    AccountId, Store, StoreError,
    link::{self, Link, Object, Query},
    page::Page,
    pattern::Pattern,
};

const ACCOUNT: AccountId = AccountId(7);

fn object(name: &str) -> Object {
    Object { name: name.into(), metadata: None }
}

fn make(left: &str, right: &str) -> Link {
    Link::new(ACCOUNT, "acme", "ticket_to_issue", object(left), object(right), Timestamp(1))
}

async fn put(store: &Store, link: &Link) {
    store.write(vec![link::insert(link)]).await.unwrap();
}

async fn find(store: &Store, left: Option<&str>, right: Option<&str>, page: Page) -> (String, bool) {
    let query = Query {
        link_type: Some("ticket_to_issue".into()),
        left: left.map(Pattern::new),
        right: right.map(Pattern::new),
    };
    let found = link::find(store, ACCOUNT, "acme", &query, &page).await.unwrap();
    let names: Vec<_> = found.items.iter().map(|item| format!("{}-{}", item.left.name, item.right.name)).collect();
    (names.join(" "), found.has_more)
}

fn page(size: usize) -> Page {
    Page { size, ..Page::default() }
}

pub async fn a_triple_is_unique(store: Store) {
    let metadata = Value::from_json(r#"{"ID":123}"#).unwrap();
    let one = Link { left: Object { name: "1".into(), metadata: Some(metadata) }, ..make("1", "a") };
    put(&store, &one).await;
    let again = store.write(vec![link::insert(&make("1", "a"))]).await;
    assert!(matches!(again, Err(StoreError::Duplicate { table }) if table == "link"));
    put(&store, &make("1", "b")).await;
    put(&store, &Link { link_type: "other".into(), ..make("1", "a") }).await;
    put(&store, &Link { integration: "other".into(), ..make("1", "a") }).await;
    let found = link::exactly(&store, ACCOUNT, "acme", "ticket_to_issue", "1", Some("a")).await.unwrap();
    assert_eq!(found, [one]);
    assert_eq!(link::exactly(&store, ACCOUNT, "acme", "ticket_to_issue", "1", None).await.unwrap().len(), 2);
    assert_eq!(link::exactly(&store, ACCOUNT, "acme", "ticket_to_issue", "*", None).await.unwrap(), []);
}

pub async fn they_are_found_by_either_name(store: Store) {
    for (left, right) in [("zendesk:1", "jira:A"), ("zendesk:1", "jira:B"), ("zendesk:2", "jira:A"), ("Zendesk:3", "x")]
    {
        put(&store, &make(left, right)).await;
    }
    let all = async |left, right| find(&store, left, right, page(100)).await.0;
    assert_eq!(all(Some("zendesk:1"), None).await, "zendesk:1-jira:A zendesk:1-jira:B");
    assert_eq!(all(None, Some("jira:A")).await, "zendesk:1-jira:A zendesk:2-jira:A");
    assert_eq!(all(Some("zendesk:*"), Some("*:A")).await, "zendesk:1-jira:A zendesk:2-jira:A");
    assert_eq!(all(Some("*"), None).await, "zendesk:1-jira:A zendesk:1-jira:B zendesk:2-jira:A Zendesk:3-x");
    assert_eq!(all(Some("zendesk"), None).await, "");
    assert_eq!(all(Some("zendesk:_"), None).await, "");
}

pub async fn they_page_in_the_order_they_were_made(store: Store) {
    let links: Vec<_> = ["a", "b", "c", "d"].map(|right| make("1", right)).to_vec();
    for link in &links {
        put(&store, link).await;
    }
    assert_eq!(find(&store, Some("1"), None, page(2)).await, ("1-a 1-b".to_owned(), true));
    let after = Page { after: Some(links[1].id.clone()), ..page(2) };
    assert_eq!(find(&store, Some("1"), None, after).await, ("1-c 1-d".to_owned(), false));
    let before = Page { before: Some(links[2].id.clone()), ..page(1) };
    assert_eq!(find(&store, Some("1"), None, before).await, ("1-b".to_owned(), true));
}

pub async fn an_update_names_the_version_it_was_made_from(store: Store) {
    let one = make("1", "a");
    put(&store, &one).await;
    put(&store, &make("1", "b")).await;
    let taken = store.write(vec![link::update(&Link { right: object("b"), ..one.clone() }, Timestamp(5))]).await;
    assert!(matches!(taken, Err(StoreError::Duplicate { table }) if table == "link"));
    store.write(vec![link::update(&Link { right: object("c"), ..one.clone() }, Timestamp(5))]).await.unwrap();
    let late = store.write(vec![link::update(&one, Timestamp(6))]).await;
    assert!(matches!(late, Err(StoreError::Expectation { .. })));
    let found = link::exactly(&store, ACCOUNT, "acme", "ticket_to_issue", "1", Some("c")).await.unwrap();
    assert_eq!((found[0].version, found[0].updated_at, &found[0].id), (2, Timestamp(5), &one.id));

    store.write(vec![link::delete(&one)]).await.unwrap();
    let gone = store.write(vec![link::delete(&one)]).await;
    assert!(matches!(gone, Err(StoreError::Expectation { .. })));
}
