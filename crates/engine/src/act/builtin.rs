//! The built-in actions that touch the store: configs and links (spec 4.2–4.4).
//!
//! What they change leaves as statements, to be committed together with the journal record of the call: a crash does it once or not at all.

use zis_flow::{Failure, Outcome, Retry, Timestamp, Value, Work, effect::LinkObject, failure};
use zis_store::{Statement, Store, StoreError, config, link, page::Page, pattern::Pattern};

use super::{Caller, Done, shape};

/// LoadLinks' default and largest page (spec 4.4).
const LINKS_PAGE: u32 = 20;
const MAX_LINKS_PAGE: u32 = 100;

/// What a built-in gives: an output, and what is to be committed with it.
type Result<T = (Outcome, Vec<Statement>)> = std::result::Result<T, Failure>;

pub(super) async fn perform(store: &Store, caller: &Caller, work: &Work, now: Timestamp) -> Done {
    let at = At { store, caller, now };
    let result = match work {
        Work::LoadConfig { scope } => at.load_config(scope).await,
        Work::PatchConfig { scope, config } => at.patch_config(scope, config).await,
        Work::LoadLinks { link_type, left, right, page } => {
            at.load_links(link_type, left.as_deref(), right.as_deref(), page).await
        }
        Work::CreateLink { link_type, left, right } => at.create_link(link_type, left, right).await,
        Work::PatchLink { .. } => at.patch_link(work).await,
        Work::DeleteLink { link_type, left, right } => at.delete_link(link_type, left, right).await,
        Work::Http(_) => Err(failed("an HTTP action is no built-in")),
    };
    match result {
        Ok((outcome, statements)) => Done { outcome, exchange: None, statements },
        Err(failure) => Done::failed(failure),
    }
}

fn failed(cause: impl Into<String>) -> Failure {
    Failure::new(failure::error::TASK_FAILED, cause)
}

/// The runtime's own failure: tried again (spec 3.10).
fn unavailable(error: StoreError) -> Failure {
    failed("the store can't be used now").detail(error.to_string()).retry(Retry::Backoff)
}

fn invalid(reason: String) -> Failure {
    failed(format!("invalid parameters: {reason}"))
}

/// Where a built-in works.
struct At<'a> {
    store: &'a Store,
    caller: &'a Caller,
    now: Timestamp,
}

impl At<'_> {
    /// The settings themselves; the machine wraps them where `loadconfig_wrapped` is on.
    async fn load_config(&self, scope: &str) -> Result {
        let Caller { account, integration, .. } = self.caller;
        let page = Page { size: 1, ..Page::default() };
        let found = config::find(self.store, *account, integration, &Pattern::new(scope), &page).await;
        let Some(first) = found.map_err(unavailable)?.items.into_iter().next() else {
            return Err(no_config(scope, integration));
        };
        Ok((Outcome::Done(first.config), Vec::new()))
    }

    async fn patch_config(&self, scope: &str, patch: &Value) -> Result {
        let Caller { account, integration, .. } = self.caller;
        let current = config::show(self.store, *account, integration, scope).await.map_err(unavailable)?;
        let current = current.ok_or_else(|| no_config(scope, integration))?;
        let merged = config::merge(&current.config, patch);
        shape::config(&merged).map_err(invalid)?;
        Ok((Outcome::Nothing, vec![config::succeed(&current, &merged, self.now)]))
    }

    async fn load_links(
        &self,
        link_type: &str,
        left: Option<&str>,
        right: Option<&str>,
        page: &zis_flow::effect::LinkPage,
    ) -> Result {
        if left.is_none() && right.is_none() {
            return Err(invalid("give left_object_name or right_object_name".to_owned()));
        }
        let size = page.size.unwrap_or(LINKS_PAGE).clamp(1, MAX_LINKS_PAGE);
        let page = Page {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            after: page.after.clone(),
            before: page.before.clone(),
        };
        let query = link::Query {
            link_type: Some(link_type.to_owned()),
            left: left.map(Pattern::new),
            right: right.map(Pattern::new),
        };
        let Caller { account, integration, .. } = self.caller;
        let found = link::find(self.store, *account, integration, &query, &page).await.map_err(unavailable)?;
        Ok((Outcome::Done(shape::links(&found)), Vec::new()))
    }

    async fn create_link(&self, link_type: &str, left: &LinkObject, right: &LinkObject) -> Result {
        let object =
            |object: &LinkObject| link::Object { name: object.name.clone(), metadata: object.metadata.clone() };
        let (left, right) = (object(left), object(right));
        shape::link(link_type, &left, &right).map_err(invalid)?;
        self.free(link_type, &left.name, &right.name).await?;
        let Caller { account, integration, .. } = self.caller;
        let made = link::Link::new(*account, integration, link_type, left, right, self.now);
        Ok((Outcome::Done(shape::wrapped_link(&made)), vec![link::insert(&made)]))
    }

    async fn patch_link(&self, work: &Work) -> Result {
        let Work::PatchLink { link_type, left, right, new_left, new_right } = work else {
            return Err(failed("this is no PatchLink"));
        };
        if new_left.is_none() && new_right.is_none() {
            return Err(invalid("give left_object or right_object".to_owned()));
        }
        let current = self.one(link_type, left, right.as_deref()).await?;
        let mut next = current.clone();
        for (object, patch) in [(&mut next.left, new_left), (&mut next.right, new_right)] {
            if let Some(patch) = patch {
                object.name = patch.name.clone().unwrap_or(std::mem::take(&mut object.name));
                object.metadata = patch.metadata.clone().or(object.metadata.take());
            }
        }
        shape::link(link_type, &next.left, &next.right).map_err(invalid)?;
        if (&next.left.name, &next.right.name) != (&current.left.name, &current.right.name) {
            self.free(link_type, &next.left.name, &next.right.name).await?;
        }
        next.updated_at = self.now;
        Ok((Outcome::Done(shape::wrapped_link(&next)), vec![link::update(&next, self.now)]))
    }

    async fn delete_link(&self, link_type: &str, left: &str, right: &str) -> Result {
        let current = self.one(link_type, left, Some(right)).await?;
        Ok((Outcome::Nothing, vec![link::delete(&current)]))
    }

    /// The link that the names mean, taken literally.
    async fn one(&self, link_type: &str, left: &str, right: Option<&str>) -> Result<link::Link> {
        let Caller { account, integration, .. } = self.caller;
        let found = link::exactly(self.store, *account, integration, link_type, left, right).await;
        let mut found = found.map_err(unavailable)?.into_iter();
        let names = format!("of type `{link_type}` from `{left}` to `{}`", right.unwrap_or("*"));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(failed(format!("there is no link {names}"))),
            (Some(_), Some(_)) => Err(failed(format!("there are several links {names}; give right_object_name"))),
        }
    }

    async fn free(&self, link_type: &str, left: &str, right: &str) -> Result<()> {
        let Caller { account, integration, .. } = self.caller;
        let taken = link::exactly(self.store, *account, integration, link_type, left, Some(right)).await;
        if taken.map_err(unavailable)?.is_empty() {
            return Ok(());
        }
        Err(failed(format!("a link of type `{link_type}` from `{left}` to `{right}` exists already")))
    }
}

fn no_config(scope: &str, integration: &str) -> Failure {
    failed(format!("no config found for scope `{scope}`"))
        .detail(format!("integration `{integration}` has no config whose scope fits `{scope}`"))
}
