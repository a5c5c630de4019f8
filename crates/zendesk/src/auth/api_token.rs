//! API tokens: made and revoked by admins.

use zis_store::{
    StoreError,
    zendesk::token::{self, ApiToken},
};

use super::Principal;
use crate::{error::ZendeskError, handle::Zendesk, ids};

/// Characters of a token, as long as Zendesk's.
const LENGTH: usize = 40;
/// Characters that lists show.
const SHOWN: usize = 10;

impl Zendesk {
    /// A new token; the text is given this once.
    pub async fn create_api_token(
        &self,
        caller: &Principal,
        description: &str,
    ) -> Result<(ApiToken, String), ZendeskError> {
        admin(caller)?;
        let secret = self.secret(LENGTH);
        let made = ApiToken {
            id: self.number(),
            hash: ids::digest(&secret),
            shown: secret[..SHOWN].to_owned(),
            description: description.to_owned(),
            created_by: caller.user.id,
            created_at: self.now(),
        };
        self.store.write(vec![token::insert(self.account, &made)]).await?;
        Ok((made, secret))
    }

    pub async fn api_tokens(&self, caller: &Principal) -> Result<Vec<ApiToken>, ZendeskError> {
        admin(caller)?;
        Ok(token::list(&self.store, self.account).await?)
    }

    pub async fn delete_api_token(&self, caller: &Principal, id: i64) -> Result<(), ZendeskError> {
        admin(caller)?;
        match self.store.write(vec![token::delete(self.account, id)]).await {
            Err(StoreError::Expectation { .. }) => return Err(ZendeskError::not_found("API token", id)),
            other => other?,
        };
        self.auth.forget();
        Ok(())
    }
}

fn admin(caller: &Principal) -> Result<(), ZendeskError> {
    if caller.is_admin() {
        Ok(())
    } else {
        Err(ZendeskError::Forbidden("only an admin may manage API tokens".to_owned()))
    }
}
