//! One suite for both drivers: each case is a function of a store.

#![allow(clippy::unwrap_used, reason = "a failing case panics")]

mod config;
mod connection;
mod driver;
mod execution;
mod lease;
mod link;
mod oauth;
mod registry;
#[path = "../support/sample.rs"]
mod sample;
mod services;

use zis_store::Store;

/// Every case on both databases, and on the one in memory.
macro_rules! suite {
    ($($module:ident { $($case:ident,)* })*) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = crate::Store::open_sqlite(folder.path()).unwrap();
                    crate::$module::$case(store.clone()).await;
                    store.close().await;
                })*
            })*
        }
        mod memory {
            $(mod $module {
                $(#[tokio::test]
                async fn $case() {
                    crate::$module::$case(crate::Store::in_memory().unwrap()).await;
                })*
            })*
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let Some(cluster) = zis_testkit::postgres::shared() else { return };
                    let store = crate::Store::connect_postgres(&cluster.database()).await.unwrap();
                    crate::$module::$case(store.clone()).await;
                    store.close().await;
                })*
            })*
        }
    };
}

suite! {
    driver {
        a_failing_transaction_does_not_touch_its_neighbours,
        a_transaction_that_fails_alone_is_undone,
        transactions_run_in_the_order_they_were_queued,
        values_come_back_as_they_went,
        large_texts_and_blobs_pass,
        a_wrong_statement_is_a_bug_of_ours,
        many_tasks_share_commits,
        no_event_slips_past_a_change_of_the_catalog,
        topics_are_heard,
        closing_finishes_what_is_queued,
        what_ended_long_ago_expires,
    }
    execution {
        what_was_accepted_is_there,
        a_taken_idempotency_key_keeps_nothing,
        a_changed_catalog_refuses_the_event,
        appends_are_fenced_by_owner_and_position,
        transactions_that_share_a_commit_do_not_share_their_fate,
        an_ended_execution_is_opened_once,
        lists_filter_and_page,
        counts_are_those_of_the_rows,
        events_are_listed_newest_first,
    }
    lease {
        each_life_of_a_node_has_its_epoch,
        a_life_is_forgotten_when_it_owns_nothing,
        the_open_executions_of_the_dead_are_adopted,
        a_heartbeat_that_has_stopped_is_death,
        an_execution_has_one_adopter,
        sleepers_wake_in_order,
    }
    config {
        they_are_created_replaced_and_deleted,
        they_are_found_by_pattern,
        pages_are_full_though_matches_are_rare,
        merges_go_deep_and_none_is_lost,
    }
    connection {
        every_kind_comes_back_as_it_was,
        no_secret_lies_open_in_the_rows,
        a_name_is_unique_across_kinds_and_case_counts,
        an_update_names_the_version_it_was_made_from,
        authorising_again_renews,
        one_node_claims_a_refresh,
        they_page_by_name_and_are_deleted_by_kind,
        its_use_is_noted_beside_it,
        a_new_key_takes_over,
    }
    link {
        a_triple_is_unique,
        they_are_found_by_either_name,
        they_page_in_the_order_they_were_made,
        an_update_names_the_version_it_was_made_from,
    }
    oauth {
        clients_are_found_by_uuid_and_name,
        deleting_a_client_takes_its_connections_along,
        a_grant_is_taken_once_and_in_time,
        a_new_key_takes_over,
    }
    registry {
        integrations_are_found_by_page_and_text,
        integrations_are_upserted_by_their_account_only,
        a_bundle_keeps_its_uuid_and_every_version,
        an_upload_needs_its_integration,
        an_upload_uninstalls_unless_told_otherwise,
        a_dropped_spec_fires_until_it_is_uninstalled,
        installing_is_all_or_nothing_and_counts_the_catalog,
        the_bundle_uploaded_last_comes_first,
        lists_page_both_ways,
    }
    services {
        webhooks_are_kept_rotated_listed_and_deleted,
        a_token_leads_to_one_webhook,
        log_lines_are_found_by_filter_in_both_directions_and_expire,
    }
}
