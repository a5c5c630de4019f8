//! Query strings: raw or percent-encoded brackets and colons, `+` for a space, in any order.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::errors::Refusal;

/// The parameters of a request, decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first parameter `key` that is not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every parameter `key` that is not empty.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The parameter `key`, or a refusal that names it.
    pub fn required(&self, key: &str) -> Result<&str, Refusal> {
        self.get(key).ok_or_else(|| Refusal::invalid(format!("query parameter `{key}` is missing")))
    }

    /// The parameter `key` read by `read`; a refusal when it is there and can't be read.
    pub fn parsed<T>(&self, key: &str, read: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let wrong = || Refusal::invalid(format!("query parameter `{key}` is `{text}`: use {expected}"));
        read(text).map(Some).ok_or_else(wrong)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn reads_both_spellings() {
        let raw = Query::parse("page[size]=5&job_spec_name=zis:acme:job_spec:A&x=");
        let encoded = Query::parse("page%5Bsize%5D=5&job_spec_name=zis%3Aacme%3Ajob_spec%3AA&x=");
        assert_eq!(raw, encoded);
        assert_eq!(raw.get("job_spec_name"), Some("zis:acme:job_spec:A"));
        assert_eq!(raw.get("x"), None);
        assert!(raw.required("y").unwrap_err().message.contains("`y`"));
        assert!(
            raw.parsed("page[size]", |text| text.parse::<u8>().ok().filter(|size| *size > 9), "10 or more").is_err()
        );
    }
}
