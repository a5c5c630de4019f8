-- Users, tokens, profiles, activities, tickets, request bins (the local Zendesk). `lookup` columns hold lower-cased text.
CREATE TABLE zd_user (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_lookup TEXT NOT NULL,
    email TEXT,
    role TEXT NOT NULL,
    external_id TEXT,
    external_lookup TEXT,
    active BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    suspended BIGINT NOT NULL,
    phone TEXT,
    tags TEXT NOT NULL,
    fields TEXT NOT NULL,
    password TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login_at BIGINT,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX zd_user_external ON zd_user (account, external_lookup) WHERE external_lookup IS NOT NULL;
CREATE INDEX zd_user_name ON zd_user (account, name_lookup);
CREATE TABLE zd_identity (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    lookup TEXT NOT NULL,
    is_primary BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, type, lookup)
);
CREATE INDEX zd_identity_user ON zd_identity (account, user_id, id);
CREATE TABLE zd_api_token (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    shown TEXT NOT NULL,
    description TEXT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);
CREATE TABLE zd_oauth_client (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    secret_hash TEXT NOT NULL,
    secret_shown TEXT NOT NULL,
    kind TEXT NOT NULL,
    global BIGINT NOT NULL,
    redirect_uris TEXT NOT NULL,
    company TEXT,
    description TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX zd_oauth_client_identifier ON zd_oauth_client (account, identifier);
CREATE TABLE zd_oauth_token (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    shown TEXT NOT NULL,
    refresh_hash TEXT,
    client_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    refresh_expires_at BIGINT,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX zd_oauth_token_hash ON zd_oauth_token (account, hash);
CREATE UNIQUE INDEX zd_oauth_token_refresh ON zd_oauth_token (account, refresh_hash) WHERE refresh_hash IS NOT NULL;
CREATE INDEX zd_oauth_token_client ON zd_oauth_token (account, client_id);
CREATE TABLE zd_oauth_code (
    account BIGINT NOT NULL,
    hash TEXT NOT NULL,
    client_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);
CREATE TABLE zd_session (
    account BIGINT NOT NULL,
    hash TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);
CREATE TABLE zd_profile (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    identifiers TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX zd_profile_user ON zd_profile (account, user_id, id);
CREATE TABLE zd_profile_identifier (
    account BIGINT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    PRIMARY KEY (account, source, type, kind, value)
);
CREATE TABLE zd_activity (
    account BIGINT NOT NULL,
    profile_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    description TEXT,
    properties TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    idempotency_key TEXT,
    digest TEXT,
    PRIMARY KEY (account, profile_id, id)
);
CREATE UNIQUE INDEX zd_activity_key ON zd_activity (account, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TABLE zd_ticket (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    external_id TEXT,
    subject TEXT,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT,
    type TEXT,
    requester_id BIGINT NOT NULL,
    submitter_id BIGINT NOT NULL,
    assignee_id BIGINT,
    group_id BIGINT,
    organization_id BIGINT,
    tags TEXT NOT NULL,
    custom_fields TEXT NOT NULL,
    fields TEXT NOT NULL,
    channel TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    solved_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX zd_ticket_requester ON zd_ticket (account, requester_id, id);
CREATE INDEX zd_ticket_assignee ON zd_ticket (account, assignee_id, id);
CREATE INDEX zd_ticket_status ON zd_ticket (account, status, id);
CREATE INDEX zd_ticket_external ON zd_ticket (account, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE zd_audit (
    account BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    events TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, ticket_id, id)
);
CREATE TABLE zd_comment (
    account BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    audit_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    html_body TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, ticket_id, id)
);
CREATE TABLE zd_reply (
    account BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    digest TEXT NOT NULL,
    ticket_id BIGINT NOT NULL,
    audit_id BIGINT NOT NULL,
    snapshot TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);
CREATE TABLE zd_job (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    total BIGINT NOT NULL,
    results TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE TABLE zd_outbox (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE TABLE zd_bin_request (
    account BIGINT NOT NULL,
    bin TEXT NOT NULL,
    id BIGINT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    body_is_text BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (account, bin, id)
)
