//! Lists and pages that scripts and people look at: how long each takes, one after the other.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;

use crate::{
    api::{Api, Http, client},
    process::ADMIN,
};

const ROUNDS: usize = 10;

/// `(name, path)`; `ID` is an execution's, `EVENT` its event's.
pub const READS: [(&str, &str); 13] = [
    ("API: the newest 20 executions", "/api/zis/v1/executions?page[size]=20"),
    ("API: the failed ones", "/api/zis/v1/executions?page[size]=20&status=failed"),
    ("API: counts by status", "/api/zis/v1/executions/counts"),
    ("API: text that is nowhere", "/api/zis/v1/executions?page[size]=20&q=nowhere"),
    ("API: one execution with its trace", "/api/zis/v1/executions/ID"),
    ("API: the newest 20 events", "/api/zis/v1/events?page[size]=20"),
    ("console: home", "/console"),
    ("console: executions", "/console/executions"),
    ("console: executions of one integration", "/console/executions?integration=bench"),
    ("console: executions of an unknown one", "/console/executions?integration=unknown"),
    ("console: one execution", "/console/executions/ID"),
    ("console: one event", "/console/events/EVENT"),
    ("console: logs", "/console/logs"),
];

/// The administrator, at the API and at the console.
struct Reader {
    http: Http,
    base: String,
    authorization: String,
    cookie: String,
}

/// Median milliseconds of [`READS`].
pub async fn medians(api: &Api) -> Result<[f64; READS.len()]> {
    let reader = Reader::sign_in(api).await?;
    let newest: Value = serde_json::from_slice(&reader.get(READS[0].1).await?)?;
    let named = |member: &str| {
        let name = newest["executions"][0][member].as_str();
        name.with_context(|| format!("the list has an execution with `{member}`"))
    };
    let (id, event) = (named("id")?, named("event_id")?);
    let mut medians = [0.0; READS.len()];
    for (median, (_, path)) in medians.iter_mut().zip(READS) {
        let path = path.replace("ID", id).replace("EVENT", event);
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            reader.get(&path).await?;
            took.push(began.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        *median = took[took.len() / 2];
    }
    Ok(medians)
}

impl Reader {
    async fn sign_in(api: &Api) -> Result<Self> {
        let (email, password) = ADMIN.split_once(':').context("an address and a password")?;
        let form = format!("email={}&password={password}", email.replace('@', "%40"));
        let request = Request::post(format!("{}/console/sign-in", api.base))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, &api.base)
            .body(Full::new(Bytes::from(form)))?;
        let http = client();
        let answer = http.request(request).await?;
        let cookie =
            answer.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookie.with_context(|| format!("the console's sign-in answered {}", answer.status()))?.to_owned();
        Ok(Self { http, base: api.base.clone(), authorization: api.authorization.clone(), cookie })
    }

    async fn get(&self, path: &str) -> Result<Bytes> {
        let request = Request::get(format!("{}{path}", self.base));
        let request = if path.starts_with("/console") {
            request.header(header::COOKIE, &self.cookie)
        } else {
            request.header(header::AUTHORIZATION, &self.authorization)
        };
        let answer = self.http.request(request.body(Full::default())?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}
