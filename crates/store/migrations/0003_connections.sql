-- Connections, OAuth clients and pending OAuth flows, configs, links (spec 6, 7).
-- One table for all kinds of connection: a name is unique across them. `secret` and `extra` are sealed.
CREATE TABLE connection (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    secret {{blob}} NOT NULL,
    allowed_domain TEXT,
    header_name TEXT,
    username TEXT,
    uuid TEXT,
    client_uuid TEXT,
    grant_type TEXT,
    token_type TEXT,
    scope TEXT,
    url_subdomain TEXT,
    expires_at BIGINT,
    extra {{blob}},
    refreshing_until BIGINT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, integration, name)
);
CREATE INDEX connection_client ON connection (account, integration, client_uuid) WHERE client_uuid IS NOT NULL;
CREATE TABLE oauth_client (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT,
    client_id TEXT NOT NULL,
    secret {{blob}} NOT NULL,
    token_url TEXT NOT NULL,
    auth_url TEXT,
    grant_type TEXT NOT NULL,
    default_scopes TEXT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, integration, uuid)
);
CREATE UNIQUE INDEX oauth_client_name ON oauth_client (account, integration, name);
CREATE TABLE oauth_grant (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    integration TEXT NOT NULL,
    connection TEXT NOT NULL,
    client_uuid TEXT NOT NULL,
    grant_type TEXT NOT NULL,
    scope TEXT,
    url_subdomain TEXT,
    redirect_uri TEXT NOT NULL,
    return_to TEXT,
    verifier {{blob}},
    verification TEXT,
    stage TEXT NOT NULL,
    created_by TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX oauth_grant_verification ON oauth_grant (account, integration, verification);
CREATE TABLE config (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    scope TEXT NOT NULL,
    id BIGINT NOT NULL,
    config TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, integration, scope)
);
CREATE TABLE link (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    id TEXT NOT NULL,
    link_type TEXT NOT NULL,
    left_name TEXT NOT NULL,
    left_metadata TEXT,
    right_name TEXT NOT NULL,
    right_metadata TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, integration, id)
);
CREATE UNIQUE INDEX link_triple ON link (account, integration, link_type, left_name, right_name)
