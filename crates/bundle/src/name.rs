//! Names and resource names (spec 0.4, 2.2): `zis:<integration>:<kind>:<name>`.

/// A parsed resource name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceName {
    pub integration: String,
    pub kind: Kind,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Flow,
    Action,
    JobSpec,
    Transform,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Flow => "flow",
            Kind::Action => "action",
            Kind::JobSpec => "job_spec",
            Kind::Transform => "transform",
        }
    }
}

impl ResourceName {
    /// Reads `zis:acme:flow:Refund`. The last part may hold dots; exactly four parts.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        if parts.next()? != "zis" {
            return None;
        }
        let integration = parts.next()?.to_owned();
        let kind = match parts.next()? {
            "flow" => Kind::Flow,
            "action" => Kind::Action,
            "job_spec" => Kind::JobSpec,
            "transform" => Kind::Transform,
            _ => return None,
        };
        let name = parts.next()?.to_owned();
        (!integration.is_empty() && !name.is_empty() && !name.contains(':')).then_some(Self { integration, kind, name })
    }
}

impl std::fmt::Display for ResourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "zis:{}:{}:{}", self.integration, self.kind.as_str(), self.name)
    }
}

/// Whether `name` may name an integration: 1–64 of `a-z 0-9 - _` (spec 1.3).
pub fn is_integration(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// Whether `name` may name a flow, an action or a job spec: 1–100 of `A-Za-z0-9._-` (spec 2.2, the lenient rule).
pub fn is_resource(name: &str) -> bool {
    (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
