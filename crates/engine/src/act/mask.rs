//! Secrets out of what is shown: exact credentials wherever they are echoed, and headers that hold nothing else (D9).

use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zis_flow::Value;

/// What stands in a secret's place.
pub const MASK: &str = "*****";

/// A secret shorter than this is masked only where it stands alone: a password `test` must not eat into `latest`.
const ALWAYS_FROM: usize = 8;
/// What is shorter is no secret, but the word that an API asks for beside its key (a password `X`). Masking it would change what flows see.
const NEVER_BELOW: usize = 4;

/// Headers whose value is a secret whatever it is.
const SECRET_HEADERS: [HeaderName; 4] =
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE, header::SET_COOKIE];

/// Replaces known secrets in texts and values.
#[derive(Default)]
pub struct Masker {
    needles: Vec<String>,
    headers: Vec<HeaderName>,
}

impl Masker {
    /// Adds a secret, and the ways in which JSON and URLs write it.
    pub fn add(&mut self, secret: &str) {
        if secret.len() < NEVER_BELOW {
            return;
        }
        let json = Value::string(secret).to_json();
        let json = json[1..json.len() - 1].to_owned();
        let forms = [
            secret.to_owned(),
            json.replace('/', "\\/"),
            json,
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        ];
        for form in forms {
            if !form.is_empty() && !self.needles.contains(&form) {
                self.needles.push(form);
            }
        }
        // The longest first: a secret may hold another one.
        self.needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// Adds a header whose whole value is a secret.
    pub fn add_header(&mut self, name: HeaderName) {
        self.headers.push(name);
    }

    /// `text` with every secret replaced; `None` when it holds none.
    fn find(&self, text: &str) -> Option<String> {
        let mut masked: Option<String> = None;
        for needle in &self.needles {
            let current = masked.as_deref().unwrap_or(text);
            if let Some(new) = replace(current, needle) {
                masked = Some(new);
            }
        }
        masked
    }

    pub fn text(&self, text: &str) -> String {
        self.find(text).unwrap_or_else(|| text.to_owned())
    }

    /// `value` with every secret in its strings and keys replaced.
    pub fn value(&self, value: Value) -> Value {
        if self.needles.is_empty() {
            return value;
        }
        self.changed(&value).unwrap_or(value)
    }

    /// `None` when nothing has to change, so that what is clean is not copied.
    fn changed(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => self.find(text).map(Value::from),
            Value::Array(items) => {
                let mut new: Option<Vec<Value>> = None;
                for (at, item) in items.iter().enumerate() {
                    if let Some(item) = self.changed(item) {
                        new.get_or_insert_with(|| items.iter().cloned().collect())[at] = item;
                    }
                }
                new.map(Value::array)
            }
            Value::Object(object) => {
                let mut new: Option<Vec<(Arc<str>, Value)>> = None;
                for (at, (key, value)) in object.iter().enumerate() {
                    let (new_key, new_value) = (self.find(key), self.changed(value));
                    if new_key.is_none() && new_value.is_none() {
                        continue;
                    }
                    let copy = || object.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                    let place = &mut new.get_or_insert_with(copy)[at];
                    if let Some(key) = new_key {
                        place.0 = Arc::from(key);
                    }
                    if let Some(value) = new_value {
                        place.1 = value;
                    }
                }
                new.map(Value::object)
            }
            _ => None,
        }
    }

    /// Header pairs for the trace.
    pub fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let mask = |(name, value): (&HeaderName, &http::HeaderValue)| {
            let secret = value.is_sensitive() || SECRET_HEADERS.contains(name) || self.headers.contains(name);
            let shown = if secret { MASK.to_owned() } else { self.text(&String::from_utf8_lossy(value.as_bytes())) };
            (name.as_str().to_owned(), shown)
        };
        headers.iter().map(mask).collect()
    }
}

/// Replaces `needle`, a short one only where no letter or digit touches it.
fn replace(text: &str, needle: &str) -> Option<String> {
    // Most texts are shorter than a token, and preparing the search would cost more than the search.
    if text.len() < needle.len() {
        return None;
    }
    if needle.len() >= ALWAYS_FROM {
        return text.contains(needle).then(|| text.replace(needle, MASK));
    }
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + needle.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(needle).filter(|(at, _)| alone(*at)) {
        out.push_str(&text[from..at]);
        out.push_str(MASK);
        from = at + needle.len();
    }
    (from > 0).then(|| out + &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        let mut masker = Masker::default();
        secrets.iter().for_each(|secret| masker.add(secret));
        masker
    }

    #[test]
    fn texts() {
        let table = [
            (vec!["tok-12345678"], "Bearer tok-12345678, again tok-12345678", "Bearer *****, again *****"),
            (vec!["tok-12345678"], "nothing", "nothing"),
            (vec!["test"], "the latest test, \"test\", test1, attest", "the latest *****, \"*****\", test1, attest"),
            (vec!["a/b+c=defgh"], r#"{"t":"a\/b+c=defgh"}"#, r#"{"t":"*****"}"#),
            (vec!["a/b+c=defgh"], "https://x/?t=a%2Fb%2Bc%3Ddefgh", "https://x/?t=*****"),
            (vec!["quote\"quote"], r#"{"t":"quote\"quote"}"#, r#"{"t":"*****"}"#),
            (vec!["secret-one", "secret-one-longer"], "secret-one-longer secret-one", "***** *****"),
            (vec!["", "X"], "all stays, Model X too", "all stays, Model X too"),
            (vec!["étés"], "étés, étéset", "*****, étéset"),
        ];
        for (secrets, text, expected) in table {
            assert_eq!(masker(&secrets).text(text), expected);
        }
    }

    #[test]
    fn values_and_keys() {
        let value = Value::from_json(r#"{"a":["x",{"tok-12345678":"y"}],"b":"is tok-12345678.","c":1}"#).expect("JSON");
        let masked = masker(&["tok-12345678"]).value(value.clone());
        assert_eq!(masked.to_json(), r#"{"a":["x",{"*****":"y"}],"b":"is *****.","c":1}"#);
        assert_eq!(masker(&["other-secret"]).value(value.clone()), value);
    }
}
