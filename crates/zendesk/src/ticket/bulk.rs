//! Bulk calls: done at once, kept as a job that has ended (spec 3.3).

use zis_flow::Value;
use zis_store::zendesk::job::{self, Job};

use super::{MAX_BULK, TicketIn};
use crate::{auth::Principal, error::ZendeskError, handle::Zendesk, ids};

impl Zendesk {
    /// Creates each ticket; one that can't be made is a result with an error, not an end of the others.
    pub async fn create_tickets(
        &self,
        caller: &Principal,
        bodies: &[Value],
        client: &Value,
    ) -> Result<Job, ZendeskError> {
        bounded(bodies.len())?;
        let mut results = Vec::with_capacity(bodies.len());
        for (index, body) in (0_i64..).zip(bodies) {
            let made = match TicketIn::read(body) {
                Ok(input) => self.create_ticket(caller, &input, client, None).await.map(|made| made.ticket.id),
                Err(error) => Err(error),
            };
            results.push(result(index, made, self.account.0)?);
        }
        self.keep_job(results).await
    }

    /// Changes each ticket; bodies carry their `id`.
    pub async fn update_tickets(
        &self,
        caller: &Principal,
        changes: &[(i64, Value)],
        client: &Value,
    ) -> Result<Job, ZendeskError> {
        bounded(changes.len())?;
        let mut results = Vec::with_capacity(changes.len());
        for (index, (id, body)) in (0_i64..).zip(changes) {
            let made = match TicketIn::read(body) {
                Ok(input) => self.update_ticket(caller, *id, &input, client).await.map(|_| *id),
                Err(error) => Err(error),
            };
            results.push(result(index, made, self.account.0)?);
        }
        self.keep_job(results).await
    }

    pub async fn delete_tickets(&self, tickets: &[i64]) -> Result<Job, ZendeskError> {
        bounded(tickets.len())?;
        let mut results = Vec::with_capacity(tickets.len());
        for (index, id) in (0_i64..).zip(tickets) {
            let made = self.delete_ticket(*id).await.map(|()| *id);
            results.push(result(index, made, self.account.0)?);
        }
        self.keep_job(results).await
    }

    /// A job with one result, for a request that asked to be done later and was done at once.
    pub async fn job_of(&self, ticket_id: i64) -> Result<Job, ZendeskError> {
        self.keep_job(vec![result(0, Ok(ticket_id), self.account.0)?]).await
    }

    async fn keep_job(&self, results: Vec<Value>) -> Result<Job, ZendeskError> {
        let mut noise = [0; 16];
        self.world.random(&mut noise);
        let job = Job {
            id: format!("V3-{}", ids::hex(&noise)),
            total: results.len() as u64,
            results: Value::array(results),
            created_at: self.now(),
        };
        self.store.write(vec![job::insert(self.account, &job)]).await?;
        Ok(job)
    }
}

fn bounded(count: usize) -> Result<(), ZendeskError> {
    if count <= MAX_BULK {
        return Ok(());
    }
    // Two spaces: so Zendesk says it.
    let description = format!("Parameter  cannot specify more than {MAX_BULK} values");
    Err(ZendeskError::TooMany { description, max: Some(MAX_BULK) })
}

/// Faults of the store end the whole call; faults of the item are its result.
fn result(index: i64, made: Result<i64, ZendeskError>, account: i64) -> Result<Value, ZendeskError> {
    match made {
        Ok(id) => Ok(Value::object([
            ("index", Value::from(index)),
            ("id", Value::from(id)),
            ("account_id", Value::from(account)),
            ("success", Value::from(true)),
        ])),
        Err(error @ (ZendeskError::Store(_) | ZendeskError::Internal(_))) => Err(error),
        Err(error) => {
            let code = match error {
                ZendeskError::NotFound { .. } => "TicketNotFound",
                _ => "RecordInvalid",
            };
            Ok(Value::object([
                ("index", Value::from(index)),
                ("error", Value::from(code)),
                ("details", Value::from(error.to_string())),
                ("success", Value::from(false)),
            ]))
        }
    }
}
