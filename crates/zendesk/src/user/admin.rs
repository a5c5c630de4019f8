//! The first admin, and passwords.

use zis_flow::Value;
use zis_store::zendesk::{
    oauth as oauth_rows, session as session_rows,
    user::{self, Filter, Role, User},
};

use crate::{auth::Principal, error::ZendeskError, handle::Zendesk};

/// Shorter passwords are guessed.
const MIN_PASSWORD: usize = 5;
/// Longer ones only cost time.
const MAX_PASSWORD: usize = 1024;
/// Characters of a generated password: 118 bits.
const GENERATED: usize = 20;
/// The address of an admin that nobody named; commands sign in with it when nobody says another.
const DEFAULT_EMAIL: &str = "admin@example.com";

/// The admin that this start made; the password is shown once.
pub struct NewAdmin {
    pub email: String,
    /// Only when it was generated.
    pub password: Option<String>,
}

impl Zendesk {
    /// Makes or resets the admin (`ZIS_ADMIN_EMAIL`, `ZIS_ADMIN_PASSWORD`); without them makes one when there is none. Also sees to
    /// the predefined OAuth client and to what an earlier life left in the outbox.
    pub async fn first_start(
        &self,
        email: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<NewAdmin>, ZendeskError> {
        let made = self.ensure_admin(email, password).await?;
        self.ensure_predefined_client().await?;
        // Nothing of this life is under way yet: whatever is there was left over.
        self.hand_over_left(self.now()).await?;
        self.keep_house().await?;
        Ok(made)
    }

    async fn ensure_admin(
        &self,
        email: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<NewAdmin>, ZendeskError> {
        let admins = Filter { roles: vec![Role::Admin], ..Filter::default() };
        if email.is_none() && password.is_none() && self.count_users(&admins).await? > 0 {
            return Ok(None);
        }
        let email = email.unwrap_or(DEFAULT_EMAIL);
        let known = user::with_password(&self.store, self.account, email).await?;
        if let (Some((_, Some(hash))), Some(password)) = (&known, password)
            && self.auth.verify_password(password, hash).await
            && known.as_ref().is_some_and(|(user, _)| user.role == Role::Admin)
        {
            // Nothing to reset: sessions and tokens live on.
            return Ok(None);
        }
        if password.is_none() && known.as_ref().is_some_and(|(user, hash)| user.role == Role::Admin && hash.is_some()) {
            return Ok(None);
        }
        let id = match known {
            Some((user, _)) if user.role == Role::Admin => user.id,
            Some((user, _)) => {
                let id = user.id;
                let raised = User { role: Role::Admin, updated_at: self.now(), ..user };
                self.store.write(vec![user::update(self.account, &raised)]).await?;
                id
            }
            None => self.insert_admin(email).await?,
        };
        let generated = if password.is_none() { Some(self.secret(GENERATED)) } else { None };
        let secret = password.or(generated.as_deref()).unwrap_or_default();
        self.store_password(id, secret).await?;
        Ok(Some(NewAdmin { email: email.to_owned(), password: generated }))
    }

    async fn insert_admin(&self, email: &str) -> Result<i64, ZendeskError> {
        let now = self.now();
        let name = email.split('@').next().filter(|name| !name.is_empty()).unwrap_or("Admin");
        let admin = User {
            id: self.number(),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            role: Role::Admin,
            external_id: None,
            active: true,
            verified: true,
            suspended: false,
            phone: None,
            tags: Vec::new(),
            fields: Value::object::<&str>([]),
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        let identity = self.identity(admin.id, "email".to_owned(), email.to_owned(), true, true);
        self.store
            .write(vec![user::insert(self.account, &admin), user::insert_identity(self.account, &identity)])
            .await?;
        Ok(admin.id)
    }

    /// Sets a password: admins only. The user's sessions and tokens end, except when admins change their own.
    pub async fn set_password(&self, caller: &Principal, id: i64, password: &str) -> Result<(), ZendeskError> {
        if !caller.is_admin() {
            return Err(ZendeskError::Forbidden("only an admin may set a password".to_owned()));
        }
        self.user(id).await?;
        let length = password.chars().count();
        if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&length) {
            let text = format!("Password: must have {MIN_PASSWORD} to {MAX_PASSWORD} characters");
            return Err(ZendeskError::fault("password", text, "InvalidValue"));
        }
        self.store_password(id, password).await
    }

    async fn store_password(&self, id: i64, password: &str) -> Result<(), ZendeskError> {
        let mut salt = [0; 16];
        self.world.random(&mut salt);
        let hash = self.auth.hash_password(password, salt).await;
        let hash = hash.ok_or_else(|| ZendeskError::Internal("the password could not be hashed".to_owned()))?;
        self.store
            .write(vec![
                user::set_password(self.account, id, &hash, self.now()),
                session_rows::delete_of_user(self.account, id),
            ])
            .await?;
        self.auth.forget();
        Ok(())
    }

    /// Signs in with e-mail and password: the console's form. Gives the session's cookie.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        peer: Option<std::net::IpAddr>,
    ) -> Result<(Principal, String), crate::auth::SignInError> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        // The same road as a header, so that the same limits count.
        let header = format!("Basic {}", STANDARD.encode(format!("{email}:{password}")));
        if email.ends_with("/token") {
            return Err(crate::auth::AuthError::WrongPassword.into());
        }
        let principal = self.authenticate(crate::auth::Credentials::Header(&header), peer).await?;
        let cookie = self.start_session(principal.user.id).await?;
        Ok((principal, cookie))
    }

    /// A change of what users may do ends their tokens.
    pub async fn revoke_all_tokens(&self, user_id: i64) -> Result<(), ZendeskError> {
        self.store.write(vec![oauth_rows::delete_tokens_of(self.account, user_id)]).await?;
        self.auth.forget();
        Ok(())
    }
}
