//! OAuth connections: start, callback, access codes, show, delete (spec 6.5).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;
use zis_store::{
    AccountId, StoreError,
    connection::{self, Connection, Detail, Kind, Oauth},
    oauth::{self, Grant, GrantType, Handle, Stage},
};

use super::{
    Connections, Error, Inner, PREDEFINED, client, rules, simple,
    token::{self, Ask, Endpoint, Tokens},
};

/// From the start to the callback: time to sign in at the provider.
const PENDING: Duration = Duration::from_secs(15 * 60);
/// From the callback to `access_codes`.
const VERIFIABLE: Duration = Duration::from_secs(60 * 60);

/// The body of a start request.
#[derive(Debug, Clone, Default)]
pub struct StartIn {
    /// Name of the connection to make.
    pub name: String,
    pub oauth_client_name: Option<String>,
    pub oauth_client_uuid: Option<String>,
    /// Instead of the client's.
    pub grant_type: Option<String>,
    /// Space-delimited, instead of the client's.
    pub permission_scopes: Option<String>,
    pub oauth_url_subdomain: Option<String>,
    /// Where the browser goes at the end; empty is as good as none.
    pub origin_oauth_redirect_url: Option<String>,
    pub allow_offline_access: bool,
}

/// What a provider sent the browser back with.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

/// A grant that has given a connection.
pub struct Granted {
    pub connection: Connection,
    /// Where the browser goes on to, with the verification token.
    pub return_to: Option<String>,
}

/// By what an OAuth connection is found.
#[derive(Debug, Clone, Copy)]
pub enum By<'t> {
    Name(&'t str),
    Uuid(&'t str),
}

/// A client in use: a registered one, or the predefined one.
pub(super) struct Provider {
    uuid: String,
    client_id: String,
    client_secret: SecretString,
    token_url: String,
    auth_url: Option<String>,
    grant_type: GrantType,
    default_scopes: Option<String>,
}

impl Provider {
    pub(super) fn endpoint(&self, subdomain: Option<&str>) -> Endpoint {
        Endpoint {
            token_url: rules::fill_subdomain(&self.token_url, subdomain),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
        }
    }
}

/// 256 random bits, 43 letters: a state, a verification code, or a PKCE verifier.
fn random() -> String {
    let mut bytes = [0; 32];
    // There is no going on without randomness, and no operating system that lacks it.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// States and codes are stored as hashes: who reads the database can't finish another's authorisation.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl Connections {
    pub(super) async fn provider(
        &self,
        account: AccountId,
        integration: &str,
        handle: Handle<'_>,
    ) -> Result<Provider, Error> {
        let Inner { store, vault, predefined, .. } = &*self.inner;
        let (Handle::Uuid(text) | Handle::Name(text)) = handle;
        if text == PREDEFINED {
            let Some(predefined) = predefined else {
                let message = "the predefined client `zendesk` works with the local Zendesk only; register an OAuth client \
                               of your account whose URLs are https://SUBDOMAIN.zendesk.com/oauth/authorizations/new and …/oauth/tokens";
                return Err(Error::invalid("oauth_client_name", message));
            };
            return Ok(Provider {
                uuid: PREDEFINED.to_owned(),
                client_id: predefined.client_id.clone(),
                client_secret: predefined.client_secret.clone(),
                token_url: predefined.token_url.clone(),
                auth_url: Some(predefined.auth_url.clone()),
                grant_type: GrantType::AuthorizationCode,
                default_scopes: Some(predefined.default_scopes.clone()),
            });
        }
        let found = oauth::client(store, vault, account, integration, handle).await?;
        let client = found.ok_or_else(|| Error::not_found("OAuth client", text))?;
        Ok(Provider {
            uuid: client.uuid,
            client_id: client.client_id,
            client_secret: client.client_secret,
            token_url: client.token_url,
            auth_url: client.auth_url,
            grant_type: client.grant_type,
            default_scopes: client.default_scopes,
        })
    }

    /// Begins an authorisation and gives the address to go to: the provider's consent page or, for client_credentials, our own
    /// `access_codes`. `origin` is how browsers and the provider reach this server.
    pub async fn start(
        &self,
        account: AccountId,
        integration: &str,
        input: &StartIn,
        origin: &str,
        by: &str,
    ) -> Result<String, Error> {
        rules::name(&input.name)?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let return_to = given(&input.origin_oauth_redirect_url);
        if let Some(url) = &return_to {
            rules::provider_url("origin_oauth_redirect_url", url)?;
        }
        let subdomain = given(&input.oauth_url_subdomain);
        if let Some(subdomain) = &subdomain {
            rules::subdomain(subdomain)?;
        }
        let (uuid, name) = (given(&input.oauth_client_uuid), given(&input.oauth_client_name));
        let handle = match (&uuid, &name) {
            (Some(uuid), _) => Handle::Uuid(uuid),
            (None, Some(name)) => Handle::Name(name),
            (None, None) => {
                return Err(Error::invalid(
                    "oauth_client_name",
                    "name the OAuth client, by oauth_client_name or oauth_client_uuid",
                ));
            }
        };
        let provider = self.provider(account, integration, handle).await?;
        self.free_for_oauth(account, integration, &input.name).await?;
        let grant_type = match given(&input.grant_type) {
            Some(text) => client::grant_type(&text)?,
            None => provider.grant_type,
        };
        let Inner { store, vault, clock, .. } = &*self.inner;
        let (state, verifier, now) = (random(), random(), clock.now());
        let mut grant = Grant {
            account,
            id: hash(&state),
            integration: integration.to_owned(),
            connection: input.name.clone(),
            client_uuid: provider.uuid.clone(),
            grant_type,
            scope: given(&input.permission_scopes).or_else(|| provider.default_scopes.clone()),
            url_subdomain: subdomain,
            redirect_uri: format!("{}/api/services/zis/connections/oauth/callback", origin.trim_end_matches('/')),
            return_to,
            verifier: None,
            verification: None,
            stage: Stage::Started,
            created_by: Some(by.to_owned()),
            expires_at: now.saturating_add(PENDING),
        };
        let address = match grant_type {
            GrantType::AuthorizationCode => {
                grant.verifier = Some(SecretString::from(verifier.clone()));
                consent_page(&provider, &grant, &state, &verifier, input.allow_offline_access)?
            }
            GrantType::ClientCredentials => {
                grant.verification = Some(grant.id.clone());
                let origin = origin.trim_end_matches('/');
                format!(
                    "{origin}/api/services/zis/connections/oauth/access_codes/{integration}?verification_code={state}"
                )
            }
        };
        store.write(oauth::insert_grant(vault, &grant, now)).await?;
        Ok(address)
    }

    /// Authorising again renews an OAuth connection; a connection of another type has to be deleted first (spec 6.1).
    async fn free_for_oauth(&self, account: AccountId, integration: &str, name: &str) -> Result<(), Error> {
        let Inner { store, vault, .. } = &*self.inner;
        match connection::show(store, vault, account, integration, name).await? {
            Some(other) if other.detail.kind() != Kind::Oauth => {
                Err(Error::Duplicate { what: simple::what(other.detail.kind()), name: name.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The provider sent the browser back: exchanges the code and makes the connection. A state can be used once.
    pub async fn callback(&self, account: AccountId, callback: &Callback) -> Result<Granted, Error> {
        let Inner { store, vault, clock, .. } = &*self.inner;
        let now = clock.now();
        let taken = oauth::take_grant(store, vault, account, &hash(&callback.state), now).await?;
        let grant =
            taken.filter(|grant| grant.grant_type == GrantType::AuthorizationCode).ok_or(Error::UnknownGrant)?;
        let Some(code) = callback.code.as_deref().filter(|code| !code.is_empty()) else {
            let error = callback.error.as_deref().unwrap_or("it sent neither a code nor an error");
            let message = match callback.error_description.as_deref() {
                Some(words) => format!("{error} ({words})"),
                None => error.to_owned(),
            };
            return Err(Error::Declined { message, return_to: grant.return_to });
        };
        let ask = Ask::Code { code, redirect_uri: &grant.redirect_uri, verifier: grant.verifier.as_ref() };
        let (connection, verification) = self.complete(&grant, &ask).await?;
        let return_to = grant.return_to.as_deref().and_then(|url| Url::parse(url).ok()).map(|mut url| {
            url.query_pairs_mut().append_pair("verification_token", &verification);
            url.into()
        });
        Ok(Granted { connection, return_to })
    }

    /// Finishes a client_credentials grant, or shows the connection that the callback has made already (spec 6.5).
    pub async fn access_codes(
        &self,
        account: AccountId,
        integration: &str,
        verification_code: &str,
    ) -> Result<Connection, Error> {
        let Inner { store, vault, clock, .. } = &*self.inner;
        let (id, now) = (hash(verification_code), clock.now());
        let found = oauth::grant_by_verification(store, vault, account, integration, &id, now).await?;
        let grant = found.ok_or(Error::UnknownGrant)?;
        if grant.stage != Stage::Done && grant.grant_type == GrantType::ClientCredentials {
            let taken = oauth::take_grant(store, vault, account, &grant.id, now).await?.ok_or(Error::UnknownGrant)?;
            let ask = Ask::ClientCredentials { scope: taken.scope.as_deref() };
            let completed = self.complete(&taken, &ask).await;
            if completed.is_err() {
                // No browser and no code that is used up: the same call may work when the provider does.
                store.write(vec![oauth::release_grant(&taken)]).await?;
            }
            return completed.map(|(connection, _)| connection);
        }
        self.oauth_connection(account, integration, By::Name(&grant.connection)).await
    }

    /// Gets the tokens and stores the connection together with the end of the grant.
    async fn complete(&self, grant: &Grant, ask: &Ask<'_>) -> Result<(Connection, String), Error> {
        let Inner { store, vault, http, clock, cache, .. } = &*self.inner;
        let (account, integration, name) = (grant.account, &grant.integration, &grant.connection);
        let provider = self.provider(account, integration, Handle::Uuid(&grant.client_uuid)).await?;
        let tokens = token::ask(http, &provider.endpoint(grant.url_subdomain.as_deref()), ask).await?;
        let now = clock.now();
        let made = Connection {
            account,
            integration: integration.clone(),
            name: name.clone(),
            detail: Detail::Oauth(Oauth {
                uuid: uuid::Uuid::new_v4().to_string(),
                client_uuid: grant.client_uuid.clone(),
                grant_type: grant.grant_type,
                access_token: tokens.access_token.clone(),
                refresh_token: tokens.refresh_token.clone(),
                token_type: tokens.token_type.clone(),
                expires_at: tokens.expires_in.map(|span| now.saturating_add(span)),
                scope: tokens.scope.clone().or_else(|| grant.scope.clone()),
                url_subdomain: grant.url_subdomain.clone(),
                response_body: tokens.body.clone(),
            }),
            version: 1,
            created_by: grant.created_by.clone(),
            created_at: now,
            updated_at: now,
        };
        // A client_credentials grant keeps the code that its caller holds already.
        let verification = random();
        let kept = grant.verification.clone().unwrap_or_else(|| hash(&verification));
        let finish = oauth::finish_grant(grant, &kept, now.saturating_add(VERIFIABLE));
        let written = store.write(vec![connection::authorise(vault, &made), finish]).await;
        cache.changed(store, account, integration);
        match written {
            Err(StoreError::Expectation { statement: 0, .. }) => {
                Err(Error::Duplicate { what: "connection", name: name.clone() })
            }
            Err(StoreError::Expectation { .. }) => Err(Error::UnknownGrant),
            Err(error) => Err(error.into()),
            Ok(_) => Ok((self.oauth_connection(account, integration, By::Name(name)).await?, verification)),
        }
    }

    /// An OAuth connection; one of another type under the name is not found.
    pub async fn oauth_connection(
        &self,
        account: AccountId,
        integration: &str,
        by: By<'_>,
    ) -> Result<Connection, Error> {
        let Inner { store, vault, .. } = &*self.inner;
        let (found, id) = match by {
            By::Name(name) => (connection::show(store, vault, account, integration, name).await?, name),
            By::Uuid(uuid) => (connection::by_uuid(store, vault, account, integration, uuid).await?, uuid),
        };
        let oauth = found.filter(|found| found.detail.kind() == Kind::Oauth);
        oauth.ok_or_else(|| Error::not_found("OAuth connection", id))
    }

    /// Deletes an OAuth connection. Its tokens stay valid at the provider until they expire or are revoked there.
    pub async fn delete_oauth(&self, account: AccountId, integration: &str, by: By<'_>) -> Result<(), Error> {
        let found = self.oauth_connection(account, integration, by).await?;
        self.delete(account, integration, Kind::Oauth, &found.name).await
    }
}

/// The provider's consent page with everything it has to know.
fn consent_page(
    provider: &Provider,
    grant: &Grant,
    state: &str,
    verifier: &str,
    offline: bool,
) -> Result<String, Error> {
    let Some(auth_url) = &provider.auth_url else {
        return Err(Error::invalid(
            "oauth_client_name",
            "the OAuth client has no auth_url, which authorization_code needs",
        ));
    };
    let filled = rules::fill_subdomain(auth_url, grant.url_subdomain.as_deref());
    if filled.contains("{subdomain}") {
        return Err(Error::invalid("oauth_url_subdomain", format!("`{auth_url}` needs a subdomain")));
    }
    let mut url =
        Url::parse(&filled).map_err(|error| Error::invalid("auth_url", format!("`{filled}` is no URL: {error}")))?;
    let challenge = challenge(verifier);
    let mut query = url.query_pairs_mut();
    query.append_pair("response_type", "code").append_pair("client_id", &provider.client_id);
    query.append_pair("redirect_uri", &grant.redirect_uri);
    if let Some(scope) = &grant.scope {
        query.append_pair("scope", scope);
    }
    query.append_pair("state", state).append_pair("code_challenge", &challenge);
    query.append_pair("code_challenge_method", "S256");
    if offline {
        // Providers that know a scope for this (offline_access) take it from the scopes; the parameter is what the others read.
        query.append_pair("access_type", "offline");
    }
    drop(query);
    Ok(url.into())
}

/// New tokens in an old connection: what the provider does not repeat stays.
pub(super) fn renewed(old: &Oauth, tokens: &Tokens, now: zis_flow::Timestamp) -> Oauth {
    Oauth {
        access_token: tokens.access_token.clone(),
        refresh_token: tokens.refresh_token.clone().or_else(|| old.refresh_token.clone()),
        token_type: tokens.token_type.clone(),
        expires_at: tokens.expires_in.map(|span| now.saturating_add(span)),
        scope: tokens.scope.clone().or_else(|| old.scope.clone()),
        response_body: tokens.body.clone(),
        ..old.clone()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_challenge_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn random_texts_fit_pkce_and_differ() {
        let (one, two) = (random(), random());
        assert_eq!((one.len(), two.len()), (43, 43));
        assert_ne!(one, two);
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(SecretString::from(one.clone()).expose_secret(), one);
    }
}
