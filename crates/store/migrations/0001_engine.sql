-- Events, executions, the journal, nodes, and the catalog's version (D2-D5, D17).
CREATE TABLE catalog (
    account BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);
CREATE TABLE event (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    integration TEXT,
    payload TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    idempotency_key TEXT,
    executions BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX event_key ON event (account, idempotency_key);
CREATE TABLE execution (
    account BIGINT NOT NULL,
    id TEXT NOT NULL,
    integration TEXT NOT NULL,
    flow TEXT NOT NULL,
    job_spec TEXT,
    event_id TEXT NOT NULL,
    bundle_uuid TEXT NOT NULL,
    bundle_digest TEXT NOT NULL,
    status TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    wake_at BIGINT,
    error_code TEXT,
    error_cause TEXT,
    error_state TEXT,
    error_path TEXT,
    message TEXT,
    node TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX execution_open ON execution (node, status) WHERE ended_at IS NULL;
CREATE INDEX execution_wake ON execution (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX execution_event ON execution (account, event_id);
CREATE TABLE journal (
    id {{id}},
    account BIGINT NOT NULL,
    execution TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    records TEXT NOT NULL
);
CREATE UNIQUE INDEX journal_execution ON journal (execution, seq);
CREATE TABLE node (
    name TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    address TEXT
)
