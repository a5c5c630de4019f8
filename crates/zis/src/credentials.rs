//! Who we are to a server: an e-mail address with an API token or a password, from the environment, from a program that
//! knows it, or from the folder of `zis dev`. Never from the command line, which every process of the machine can read.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::{process::Command, time::timeout};

/// How long a program may take to say a secret: time enough to unlock a keyring or to touch a key.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who signs in when nobody says who.
pub const ADMIN: &str = "admin@example.com";
/// Where `zis dev` keeps the password of its admin, in the folder that it is started in.
pub const DEV_PASSWORD: &str = ".zis/dev-password";

const API_TOKEN_COMMAND: &str = "ZIS_API_TOKEN_COMMAND";
const PASSWORD_COMMAND: &str = "ZIS_PASSWORD_COMMAND";

/// What to do without any that are accepted.
pub const HELP: &str = "set ZIS_EMAIL with ZIS_API_TOKEN or ZIS_PASSWORD in the environment, or name a program that prints one in \
     ZIS_API_TOKEN_COMMAND or ZIS_PASSWORD_COMMAND";

/// An address with what proves it.
#[derive(Clone)]
pub struct Credentials {
    pub email: String,
    /// `EMAIL:PASSWORD` or `EMAIL/token:API_TOKEN`, as basic authentication has it.
    pub basic: String,
}

impl Credentials {
    pub fn password(email: &str, password: &str) -> Self {
        Self { email: email.to_owned(), basic: format!("{email}:{password}") }
    }

    fn api_token(email: &str, token: &str) -> Self {
        Self { email: email.to_owned(), basic: format!("{email}/token:{token}") }
    }

    /// The first that the environment says: an API token, a program that prints one, a password, a program that prints one.
    /// When it says nothing, and the server at `base` is on this machine, it may be the `zis dev` of this folder.
    pub async fn find(base: &str) -> Result<Option<Self>> {
        let email = first(&["ZIS_EMAIL", "ZIS_ADMIN_EMAIL"]).unwrap_or_else(|| ADMIN.to_owned());
        if let Some(token) = first(&["ZIS_API_TOKEN"]) {
            return Ok(Some(Self::api_token(&email, &token)));
        }
        if let Some(command) = first(&[API_TOKEN_COMMAND]) {
            let token = said(&command, PATIENCE).await.context(API_TOKEN_COMMAND)?;
            return Ok(Some(Self::api_token(&email, &token)));
        }
        if let Some(password) = first(&["ZIS_PASSWORD", "ZIS_ADMIN_PASSWORD"]) {
            return Ok(Some(Self::password(&email, &password)));
        }
        if let Some(command) = first(&[PASSWORD_COMMAND]) {
            let password = said(&command, PATIENCE).await.context(PASSWORD_COMMAND)?;
            return Ok(Some(Self::password(&email, &password)));
        }
        let dev = is_loopback(base).then(|| std::fs::read_to_string(DEV_PASSWORD).ok()).flatten();
        Ok(dev.map(|password| Self::password(ADMIN, password.trim())))
    }
}

fn is_loopback(base: &str) -> bool {
    match url::Url::parse(base).as_ref().map(url::Url::host) {
        Ok(Some(url::Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(url::Host::Ipv6(address))) => address.is_loopback(),
        Ok(Some(url::Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

/// The first of these variables that is set and not empty.
fn first(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// The first line that `command` prints. What it says on standard error is seen as it comes: it may ask for something.
///
/// Neither the command nor its output is ever part of an error: either may hold the secret.
async fn said(command: &str, patience: Duration) -> Result<String> {
    let mut shell = Command::new("sh");
    // Standard input belongs to what zis itself reads (`zis send -`); a program that asks opens the terminal.
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let child = shell.spawn().context("can't start `sh`")?;
    let Ok(output) = timeout(patience, child.wait_with_output()).await else {
        bail!("the command did not end within {} s and was stopped; try it by itself", patience.as_secs());
    };
    let output = output.context("the command's output can't be read")?;
    if !output.status.success() {
        bail!("the command failed ({}); try it by itself", output.status);
    }
    let text = String::from_utf8(output.stdout).ok().context("the command printed something that is no UTF-8 text")?;
    match text.lines().next() {
        Some(line) if !line.trim().is_empty() => Ok(line.to_owned()),
        _ => bail!("the first line that the command printed is empty: it must be the secret alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_this_folder_is_for_this_machine_only() {
        for (base, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost", true),
            ("https://acme.zendesk.com", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1:8080", false),
        ] {
            assert_eq!(is_loopback(base), expected, "{base}");
        }
    }

    /// The error of a command, with its causes.
    async fn error(command: &str, patience: Duration) -> String {
        format!("{:#}", said(command, patience).await.expect_err("it fails"))
    }

    #[tokio::test]
    async fn the_first_line_is_the_secret() {
        for (command, expected) in [
            ("printf 'abc'", "abc"),
            ("printf 'abc\\r\\nuser: me\\n'", "abc"),
            ("echo \"with spaces\" | tr a-z A-Z", "WITH SPACES"),
        ] {
            assert_eq!(said(command, PATIENCE).await.expect("a secret"), expected, "{command}");
        }
    }

    #[tokio::test]
    async fn a_failure_says_what_happened_and_never_the_secret() {
        for (command, expected) in [
            ("echo s3cret; exit 3", "failed (exit status: 3)"),
            ("kill -TERM $$ # s3cret", "failed (signal: 15"),
            ("no-such-program-s3cret 2>/dev/null", "failed (exit status: 127)"),
            ("printf '\\n'; echo s3cret", "is empty"),
            ("true s3cret", "is empty"),
            ("printf '\\377' # s3cret", "no UTF-8"),
        ] {
            let said = error(command, PATIENCE).await;
            assert!(said.contains(expected) && !said.contains("s3cret"), "{command}: {said}");
        }
        let slow = error("exec sleep 600 # s3cret", Duration::ZERO).await;
        assert!(slow.contains("did not end within 0 s") && !slow.contains("s3cret"), "{slow}");
    }
}
