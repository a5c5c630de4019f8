//! Request bins: the stand-in for webhook.site. Any method, any body, bounded in count and size.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zis_flow::{Timestamp, Value};
use zis_store::zendesk::bin::{self, Received};

use crate::{error::ZendeskError, handle::Zendesk, user::Listed};

pub use zis_store::zendesk::bin::Received as ReceivedRow;

/// Requests kept in one bin; the oldest go first. Enough for a load test's sample, little enough to list.
pub const MAX_REQUESTS: usize = 1_000;
/// Bytes of a body that a bin takes: what a flow may send.
pub const MAX_BODY: usize = 1024 * 1024;
/// Characters of a bin's name.
pub const MAX_NAME: usize = 100;

/// A request that came to a bin.
#[derive(Debug, Clone, PartialEq)]
pub struct BinIn {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A bin in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct BinSummary {
    pub name: String,
    pub requests: u64,
    pub last_at: Timestamp,
}

impl Zendesk {
    /// Keeps the request; durable when this returns.
    pub async fn fill_bin(&self, name: &str, request: BinIn) -> Result<Received, ZendeskError> {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(ZendeskError::not_found("bin", name));
        }
        let (body, body_is_text) = match String::from_utf8(request.body) {
            Ok(text) => (text, true),
            Err(error) => (STANDARD.encode(error.as_bytes()), false),
        };
        let pair = |(name, value): &(String, String)| Value::array([Value::string(name), Value::string(value)]);
        let received = Received {
            id: self.number(),
            method: request.method,
            path: request.path,
            query: request.query,
            headers: Value::array(request.headers.iter().map(pair)),
            body,
            body_is_text,
            received_at: self.now(),
        };
        let mut writes = vec![bin::insert(self.account, name, &received)];
        // Trimmed now and then: each time would cost more than the insert.
        if received.id % 64 == 0 {
            writes.push(bin::trim(self.account, name, MAX_REQUESTS));
        }
        self.store.write(writes).await?;
        Ok(received)
    }

    /// Newest first.
    pub async fn bin_requests(
        &self,
        name: &str,
        before: Option<i64>,
        size: usize,
    ) -> Result<Listed<Received>, ZendeskError> {
        let mut items = bin::list(&self.store, self.account, name, before, size + 1).await?;
        let has_more = items.len() > size;
        items.truncate(size);
        Ok(Listed { items, has_more, count: None })
    }

    pub async fn bins(&self) -> Result<Vec<BinSummary>, ZendeskError> {
        let bins = bin::bins(&self.store, self.account).await?;
        Ok(bins.into_iter().map(|(name, requests, last_at)| BinSummary { name, requests, last_at }).collect())
    }

    pub async fn clear_bin(&self, name: &str) -> Result<(), ZendeskError> {
        self.store.write(vec![bin::clear(self.account, name)]).await?;
        Ok(())
    }
}
