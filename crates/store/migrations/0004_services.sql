-- Inbound webhooks, integration logs (spec 8, 9).
CREATE TABLE integration_log (
    id {{id}},
    account BIGINT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    integration TEXT NOT NULL,
    flow TEXT,
    job_spec TEXT,
    execution TEXT,
    attempt BIGINT,
    description TEXT NOT NULL
);
CREATE INDEX integration_log_account ON integration_log (account, id);
CREATE TABLE webhook (
    account BIGINT NOT NULL,
    uuid TEXT NOT NULL,
    id TEXT NOT NULL,
    integration TEXT NOT NULL,
    source_system TEXT NOT NULL,
    event_type TEXT NOT NULL,
    token TEXT NOT NULL,
    username TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    old_password_hash TEXT,
    old_until BIGINT,
    hmac_header TEXT,
    hmac_algorithm TEXT,
    hmac_secret {{blob}},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, uuid)
);
CREATE UNIQUE INDEX webhook_token ON webhook (token);
CREATE INDEX webhook_integration ON webhook (account, integration, id);
-- A known text, sealed: tells at the start whether this node has the key that the others have.
CREATE TABLE canary (
    account BIGINT PRIMARY KEY,
    sealed {{blob}} NOT NULL
)
