//! Inbound webhooks and the integration log, as the store keeps them.

use zis_flow::Timestamp;
use zis_store::{
    AccountId, Store, StoreError,
    log::{self, Filter, Level, Line, Order},
    page::{Page, Paged},
    webhook::{self, Hmac, Webhook},
};

const ACCOUNT: AccountId = AccountId(7);

fn hook(uuid: &str, id: &str) -> Webhook {
    Webhook {
        account: ACCOUNT,
        uuid: uuid.into(),
        id: id.into(),
        integration: "acme".into(),
        source_system: "shop".into(),
        event_type: "order".into(),
        token: format!("token-{uuid}"),
        username: "user".into(),
        password_hash: "aa".into(),
        old: None,
        hmac: Some(Hmac { header: "X-Signature".into(), algorithm: "sha256".into(), secret: vec![1, 2] }),
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

pub async fn webhooks_are_kept_rotated_listed_and_deleted(store: Store) {
    let (first, second) = (hook("u1", "01A"), Webhook { hmac: None, ..hook("u2", "01B") });
    store.write(vec![webhook::insert(&first), webhook::insert(&second)]).await.unwrap();
    assert_eq!(webhook::show(&store, ACCOUNT, "acme", "u1").await.unwrap(), Some(first.clone()));
    assert_eq!(webhook::show(&store, ACCOUNT, "other", "u1").await.unwrap(), None);
    assert_eq!(webhook::by_token(&store, "token-u2").await.unwrap(), Some(second.clone()));
    let pages = [
        (Page { size: 1, ..Page::default() }, &first, true),
        (Page { size: 9, after: Some("01A".into()), before: None }, &second, false),
        (Page { size: 9, after: None, before: Some("01B".into()) }, &first, false),
    ];
    for (page, expected, has_more) in pages {
        let found = webhook::list(&store, ACCOUNT, "acme", &page).await.unwrap();
        assert_eq!(found, Paged { items: vec![expected.clone()], has_more });
    }

    store.write(vec![webhook::rotate(ACCOUNT, "acme", "u1", "bb", Timestamp(9), Timestamp(5))]).await.unwrap();
    let rotated = webhook::show(&store, ACCOUNT, "acme", "u1").await.unwrap().unwrap();
    let expected = Webhook {
        password_hash: "bb".into(),
        old: Some(("aa".into(), Timestamp(9))),
        updated_at: Timestamp(5),
        ..first
    };
    assert_eq!(rotated, expected);

    store.write(vec![webhook::delete(ACCOUNT, "acme", "u1")]).await.unwrap();
    let again = store.write(vec![webhook::delete(ACCOUNT, "acme", "u1")]).await;
    assert!(matches!(again, Err(StoreError::Expectation { .. })));
}

pub async fn a_token_leads_to_one_webhook(store: Store) {
    let twin = Webhook { token: "token-u1".into(), ..hook("u2", "01B") };
    let answer = store.write(vec![webhook::insert(&hook("u1", "01A")), webhook::insert(&twin)]).await;
    assert!(matches!(answer, Err(StoreError::Duplicate { table }) if table == "webhook"));
}

fn line(at: i64, level: Level, integration: &str, description: &str) -> Line {
    Line {
        account: ACCOUNT,
        at: Timestamp(at),
        level,
        integration: integration.into(),
        flow: Some("Refund".into()),
        job_spec: None,
        execution: None,
        attempt: Some(1),
        description: description.into(),
    }
}

pub async fn log_lines_are_found_by_filter_in_both_directions_and_expire(store: Store) {
    let lines = [
        line(1, Level::Info, "acme", "Execution Successful"),
        line(2, Level::Error, "acme", "100% wrong"),
        line(3, Level::Debug, "other", "accepted"),
    ];
    store.write(lines.iter().map(log::insert).collect()).await.unwrap();
    let acme = Filter { integration: Some("acme".into()), ..Filter::default() };
    let cases = [
        (Filter::default(), Order::NewestFirst, None, vec![3, 2, 1]),
        (Filter::default(), Order::OldestFirst, Some(1), vec![2, 3]),
        (Filter::default(), Order::NewestFirst, Some(3), vec![2, 1]),
        (acme.clone(), Order::NewestFirst, None, vec![2, 1]),
        (
            Filter { levels: vec![Level::Error, Level::Debug], ..Filter::default() },
            Order::OldestFirst,
            None,
            vec![2, 3],
        ),
        (Filter { since: Some(Timestamp(2)), until: Some(Timestamp(3)), ..acme }, Order::NewestFirst, None, vec![2]),
        (Filter { text: Some("0%".into()), ..Filter::default() }, Order::NewestFirst, None, vec![2]),
    ];
    for (filter, order, after, expected) in cases {
        let found = log::list(&store, ACCOUNT, &filter, order, after, 10).await.unwrap();
        assert_eq!(found.iter().map(|(_, line)| line.at.0).collect::<Vec<_>>(), expected, "{filter:?}");
        assert!(found.iter().all(|(_, line)| lines.contains(line)));
    }
    assert_eq!(log::expire(&store, Timestamp(3), 1).await.unwrap(), 1);
    assert_eq!(log::expire(&store, Timestamp(3), 9).await.unwrap(), 1);
    assert_eq!(log::list(&store, ACCOUNT, &Filter::default(), Order::NewestFirst, None, 9).await.unwrap().len(), 1);
}
