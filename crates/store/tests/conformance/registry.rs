//! The registry: the model of spec 1.5.

use zis_store::{
    Store, StoreError, catalog,
    page::Page,
    registry::{self, Integration},
};

use crate::sample::{account, at, integration, upload};

pub async fn integrations_are_upserted_by_their_account_only(store: Store) {
    let (ours, theirs) = (account(), account());
    let name = integration(&store, ours).await;
    let first = registry::show_integration(&store, ours, &name).await.unwrap().unwrap();
    let again = Integration { description: "new".to_owned(), client_id: 99, created_at: at(5), ..first.clone() };
    let saved = registry::save_integration(&store, &again).await.unwrap();
    assert_eq!((saved.description.as_str(), saved.client_id, saved.created_at), ("new", 99, at(0)));
    let taken = registry::save_integration(&store, &Integration { account: theirs, ..first }).await;
    assert!(matches!(taken, Err(StoreError::Expectation { statement: 0, .. })), "{taken:?}");
    assert_eq!(registry::integrations(&store, ours).await.unwrap(), [saved]);
    assert_eq!(registry::integrations(&store, theirs).await.unwrap(), []);
}

pub async fn integrations_are_found_by_page_and_text(store: Store) {
    let account = account();
    let first =
        registry::show_integration(&store, account, &integration(&store, account).await).await.unwrap().unwrap();
    for (suffix, description) in [("-x1", "Refunds"), ("-x2", "100% sure"), ("-y", "")] {
        let one = Integration {
            name: format!("{}{suffix}", first.name),
            description: description.to_owned(),
            ..first.clone()
        };
        registry::save_integration(&store, &one).await.unwrap();
    }
    let find = async |text: Option<&str>, after: Option<&str>, size| {
        let after = after.map(|suffix| format!("{}{suffix}", first.name));
        let found = registry::find_integrations(&store, account, text, after.as_deref(), size).await.unwrap();
        found.iter().map(|one| one.name[first.name.len()..].to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(find(None, Some(""), 2).await, "-x1 -x2");
    assert_eq!(find(None, Some("-x2"), 2).await, "-y");
    assert_eq!(find(Some("-X"), None, 9).await, "-x1 -x2");
    assert_eq!(find(Some("REFUND"), None, 9).await, "-x1");
    assert_eq!(find(Some("0%"), None, 9).await, "-x2");
    assert_eq!(find(Some("none"), None, 9).await, "");
}

pub async fn a_bundle_keeps_its_uuid_and_every_version(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    let first = registry::upload(&store, &upload(account, &name, "b", "{1}", &["s"])).await.unwrap();
    let second = registry::upload(&store, &upload(account, &name, "b", "{2}", &["s"])).await.unwrap();
    let back = registry::upload(&store, &upload(account, &name, "b", "{1}", &["s"])).await.unwrap();
    assert_eq!(first.uuid, second.uuid);
    assert_eq!(first.digest, back.digest);
    assert_eq!(first.digest, registry::digest("{1}"));
    assert!(first.generation < second.generation && second.generation < back.generation);
    let versions = registry::versions(&store, account, &first.uuid).await.unwrap();
    let generations: Vec<_> = versions.iter().map(|version| version.generation).collect();
    assert_eq!(generations, [back.generation, second.generation, first.generation]);
    assert_eq!(registry::document(&store, account, &second.digest).await.unwrap().as_deref(), Some("{2}"));
    assert_eq!(registry::document(&store, account, "none").await.unwrap(), None);
    let bundle = registry::by_name(&store, account, &name, "b").await.unwrap().unwrap();
    assert_eq!((bundle.digest, bundle.generation), (back.digest, back.generation));
}

pub async fn an_upload_needs_its_integration(store: Store) {
    let account = account();
    let refused = registry::upload(&store, &upload(account, "nobody", "b", "{}", &["s"])).await;
    assert!(matches!(refused, Err(StoreError::Expectation { statement: 1, .. })), "{refused:?}");
    assert_eq!(catalog::version(&store, account).await.unwrap(), 0);
    assert_eq!(registry::document(&store, account, &registry::digest("{}")).await.unwrap(), None);
}

pub async fn an_upload_uninstalls_unless_told_otherwise(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    registry::upload(&store, &upload(account, &name, "b", "{1}", &["s"])).await.unwrap();
    assert_eq!(registry::installed(&store, account).await.unwrap(), []);
    registry::install(&store, account, &[(&name, "s")]).await.unwrap();
    let installed = registry::installed(&store, account).await.unwrap();
    assert_eq!((installed.len(), installed[0].flow.as_str()), (1, "flow_of_s"));
    let mut next = upload(account, &name, "b", "{2}", &["s"]);
    next.reinstall = true;
    let kept = registry::upload(&store, &next).await.unwrap();
    assert_eq!(registry::installed(&store, account).await.unwrap()[0].bundle_digest, kept.digest);
    next.reinstall = false;
    registry::upload(&store, &next).await.unwrap();
    assert_eq!(registry::installed(&store, account).await.unwrap(), []);
}

pub async fn a_dropped_spec_fires_until_it_is_uninstalled(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    let old =
        registry::upload(&store, &upload(account, &name, "b", "{1}", &["kept", "dropped", "idle"])).await.unwrap();
    registry::install(&store, account, &[(&name, "kept"), (&name, "dropped")]).await.unwrap();
    registry::upload(&store, &upload(account, &name, "b", "{2}", &["kept"])).await.unwrap();
    let installed = registry::installed(&store, account).await.unwrap();
    assert_eq!(installed.len(), 1);
    assert_eq!((installed[0].name.as_str(), &installed[0].bundle_digest), ("dropped", &old.digest));
    let orphans = registry::orphans(&store, account).await.unwrap();
    assert_eq!(orphans.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(), ["dropped"]);
    assert!(orphans[0].orphan && orphans[0].installed);
    assert_eq!(registry::show_job_spec(&store, account, &name, "idle").await.unwrap(), None);
    registry::uninstall(&store, account, &name, "dropped").await.unwrap();
    assert_eq!(registry::installed(&store, account).await.unwrap(), []);
    let gone = registry::uninstall(&store, account, &name, "dropped").await;
    assert!(matches!(gone, Err(StoreError::Expectation { statement: 1, .. })), "{gone:?}");
    registry::uninstall(&store, account, &name, "kept").await.unwrap();
    assert!(registry::show_job_spec(&store, account, &name, "kept").await.unwrap().is_some());
}

pub async fn installing_is_all_or_nothing_and_counts_the_catalog(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    registry::upload(&store, &upload(account, &name, "b", "{1}", &["s"])).await.unwrap();
    let before = catalog::version(&store, account).await.unwrap();
    let refused = registry::install(&store, account, &[(&name, "s"), (&name, "other")]).await;
    assert!(matches!(refused, Err(StoreError::Expectation { statement: 2, .. })), "{refused:?}");
    assert_eq!(registry::installed(&store, account).await.unwrap(), []);
    assert_eq!(catalog::version(&store, account).await.unwrap(), before);
    registry::install(&store, account, &[(&name, "s")]).await.unwrap();
    registry::install(&store, account, &[(&name, "s")]).await.unwrap();
    assert_eq!(catalog::version(&store, account).await.unwrap(), before + 2);
    registry::uninstall(&store, account, &name, "s").await.unwrap();
    assert_eq!(catalog::version(&store, account).await.unwrap(), before + 3);
}

pub async fn the_bundle_uploaded_last_comes_first(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    for bundle in ["a", "b", "c", "a"] {
        registry::upload(&store, &upload(account, &name, bundle, "{}", &["s"])).await.unwrap();
    }
    let latest = registry::latest_bundles(&store, account, &name).await.unwrap();
    assert_eq!(latest.iter().map(|bundle| bundle.name.as_str()).collect::<Vec<_>>(), ["a", "c", "b"]);
    let spec = registry::show_job_spec(&store, account, &name, "s").await.unwrap().unwrap();
    assert_eq!(spec.bundle, latest[0].uuid);
}

pub async fn lists_page_both_ways(store: Store) {
    let account = account();
    let name = integration(&store, account).await;
    for bundle in ["a", "b", "c", "d", "e"] {
        registry::upload(&store, &upload(account, &name, bundle, "{}", &[bundle])).await.unwrap();
    }
    let page = |after: Option<&str>, before: Option<&str>| Page {
        size: 2,
        after: after.map(str::to_owned),
        before: before.map(str::to_owned),
    };
    let first = registry::bundles(&store, account, &name, &page(None, None)).await.unwrap();
    let second = registry::bundles(&store, account, &name, &page(Some(&first.items[1].uuid), None)).await.unwrap();
    let third = registry::bundles(&store, account, &name, &page(Some(&second.items[1].uuid), None)).await.unwrap();
    let names = |paged: &zis_store::page::Paged<registry::Bundle>| {
        paged.items.iter().map(|bundle| bundle.name.clone()).collect::<String>()
    };
    assert_eq!([names(&first), names(&second), names(&third)], ["ab", "cd", "e"]);
    assert_eq!([first.has_more, second.has_more, third.has_more], [true, true, false]);
    let back = registry::bundles(&store, account, &name, &page(None, Some(&third.items[0].uuid))).await.unwrap();
    assert_eq!((names(&back).as_str(), back.has_more), ("cd", true));
    let specs = registry::job_specs(&store, account, &name, &page(None, None)).await.unwrap();
    assert_eq!((specs.items.len(), specs.has_more), (2, true));
}
