-- Integrations, bundles and their versions, job specs (spec 1).
CREATE TABLE integration (
    account BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    public_key TEXT NOT NULL,
    client_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, name)
);
-- Names are unique over all accounts (spec 1.3); the insert looks, because a unique key has to begin with the account (D5).
CREATE INDEX integration_name ON integration (name);
-- The texts as uploaded, by their SHA-256; never changed.
CREATE TABLE document (
    account BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, digest)
);
CREATE TABLE bundle (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    name TEXT NOT NULL,
    uuid TEXT NOT NULL,
    description TEXT,
    template_version TEXT NOT NULL,
    digest TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (account, integration, name)
);
CREATE UNIQUE INDEX bundle_uuid ON bundle (account, uuid);
-- Every upload, the current one included.
CREATE TABLE bundle_version (
    account BIGINT NOT NULL,
    bundle TEXT NOT NULL,
    generation BIGINT NOT NULL,
    digest TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (account, bundle, generation)
);
-- `generation` and `digest` are those of the upload that the row comes from; an older generation than the bundle's is an orphan (spec 1.5).
CREATE TABLE job_spec (
    account BIGINT NOT NULL,
    integration TEXT NOT NULL,
    name TEXT NOT NULL,
    uuid TEXT NOT NULL,
    description TEXT,
    event_source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    flow TEXT NOT NULL,
    bundle TEXT NOT NULL,
    digest TEXT NOT NULL,
    generation BIGINT NOT NULL,
    installed BIGINT NOT NULL,
    PRIMARY KEY (account, integration, name)
);
CREATE UNIQUE INDEX job_spec_uuid ON job_spec (account, uuid)
