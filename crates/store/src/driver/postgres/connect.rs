//! Reaching the server: the address, TLS, the settings of a session.

use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres::{Client, Config, Connection, Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault;
use crate::error::StoreError;

/// A server that does not answer a connection by then is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Sent data that nobody acknowledges for so long means that the machine behind it is gone.
const USER_TIMEOUT: Duration = Duration::from_secs(20);

/// Statements of ours are short; one that runs longer waits for somebody. Locks are held for one commit. `synchronous_commit = off`
/// would break the promise that an answer means durable, so it alone is overruled; a stricter setting stays.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; \
    SET client_min_messages = warning; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

pub(super) type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Makes connections to one database.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Connector {
    /// From `postgres://user:password@host:port/database?sslmode=…&sslrootcert=FILE`. As `libpq` has it: `prefer` (the default) and
    /// `require` encrypt, and verify when a root certificate is given; `verify-full` always verifies, against the public roots if none is given.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let (url, ssl) = Ssl::take(url)?;
        let mut config: Config = url
            .parse()
            .map_err(|error| StoreError::Invalid(format!("the database URL can't be read: {}", fault::text(&error))))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(USER_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("zis");
        }
        Ok(Self { config, tls: MakeRustlsConnect::new(ssl.client()?) })
    }

    /// A connection with our session settings. `drive` runs it: nothing moves unless its future is polled.
    pub async fn connect<D>(&self, drive: impl FnOnce(Wire) -> D) -> Result<Client, StoreError>
    where
        D: Future<Output = ()> + Send + 'static,
    {
        let unavailable = |error: tokio_postgres::Error| {
            StoreError::Unavailable(format!("PostgreSQL can't be reached: {}", fault::text(&error)))
        };
        let (client, wire) = self.config.connect(self.tls.clone()).await.map_err(unavailable)?;
        tokio::spawn(drive(wire));
        client.batch_execute(SESSION).await.map_err(unavailable)?;
        Ok(client)
    }
}

/// The part of a URL that the client library does not read.
#[derive(Default)]
struct Ssl {
    verify: bool,
    roots: Option<String>,
}

impl Ssl {
    fn take(url: &str) -> Result<(String, Self), StoreError> {
        let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), Self::default())) };
        let mut ssl = Self::default();
        let mut rest = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslrootcert", file)) => {
                    ssl.roots = Some(file.replace("%2F", "/").replace("%2f", "/"));
                    ssl.verify = true;
                }
                Some(("sslmode", "verify-full")) => {
                    ssl.verify = true;
                    rest.push("sslmode=require");
                }
                Some(("sslmode", "verify-ca")) => {
                    return Err(StoreError::Invalid("sslmode=verify-ca is not supported: use verify-full".to_owned()));
                }
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        Ok((url, ssl))
    }

    fn client(&self) -> Result<ClientConfig, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| StoreError::Internal(error.to_string()))?;
        if !self.verify {
            let verifier = Arc::new(Unverified(provider));
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        let roots = match &self.roots {
            Some(file) => read_roots(file)?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

fn read_roots(file: &str) -> Result<RootCertStore, StoreError> {
    let invalid = |error: String| StoreError::Invalid(format!("sslrootcert {file} can't be used: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| invalid(error.to_string()))? {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        roots.add(certificate).map_err(|error| invalid(error.to_string()))?;
    }
    if roots.is_empty() { Err(invalid("it holds no certificate".to_owned())) } else { Ok(roots) }
}

/// Encryption without identity, which is what `sslmode=require` means everywhere.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: (&str, bool, Option<&str>)) {
        let (rest, ssl) = Ssl::take(url).unwrap();
        assert_eq!((rest.as_str(), ssl.verify, ssl.roots.as_deref()), expected);
    }

    #[test]
    fn our_part_of_the_url_is_taken_out() {
        check("postgres://h/d", ("postgres://h/d", false, None));
        check("postgres://h/d?sslmode=disable", ("postgres://h/d?sslmode=disable", false, None));
        check("postgres://h/d?sslmode=verify-full&a=b", ("postgres://h/d?sslmode=require&a=b", true, None));
        check("postgres://h/d?sslrootcert=%2Fca.pem", ("postgres://h/d", true, Some("/ca.pem")));
        assert!(Ssl::take("postgres://h/d?sslmode=verify-ca").is_err());
        assert!(matches!(Connector::new("mysql://h/d"), Err(StoreError::Invalid(_))));
        assert!(matches!(Connector::new("postgres://h/d?sslrootcert=/none.pem"), Err(StoreError::Invalid(_))));
    }
}
