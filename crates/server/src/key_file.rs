//! The key file: made at first start, readable by its owner only (D9).

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use secrecy::SecretString;

use crate::serve::ServeError;

/// Reads the key at `path`; makes a random one when there is no file.
pub(crate) fn read_or_make(path: &Path) -> Result<SecretString, ServeError> {
    let data = |source| ServeError::Data { path: path.display().to_string(), source };
    match fs::read_to_string(path) {
        Ok(text) => check(path, text.trim()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = random_key().map_err(data)?;
            write(path, &key).map_err(data)?;
            Ok(SecretString::from(key))
        }
        Err(error) => Err(data(error)),
    }
}

fn check(path: &Path, text: &str) -> Result<SecretString, ServeError> {
    let is_key = |key: &str| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.split(',').all(|key| is_key(key.trim())) {
        return Ok(SecretString::from(text.to_owned()));
    }
    let message = "it must hold 64 hexadecimal digits".to_owned();
    Err(ServeError::KeyFile { path: path.display().to_string(), message })
}

fn random_key() -> Result<String, std::io::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Never over a file that appeared meanwhile: two first starts must not end with two keys.
fn write(path: &Path, key: &str) -> Result<(), std::io::Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let first = read_or_make(&path).unwrap();
        assert_eq!(first.expose_secret(), read_or_make(&path).unwrap().expose_secret());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(read_or_make(&path).unwrap_err().to_string().contains("64 hexadecimal digits"));
    }
}
