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
CREATE UNIQUE INDEX event_key ON event (account, idempotency_key) WHERE idempotency_key IS NOT NULL;
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
) {{room}};
-- What a dead node left open, and what an owner has to wake: few rows, whatever the history.
CREATE INDEX execution_open ON execution (node, epoch, account, id) WHERE ended_at IS NULL;
CREATE INDEX execution_wake ON execution (node, epoch, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX execution_event ON execution (account, event_id);
-- The account does not come first here: PostgreSQL, while it knows nothing of a new table, would take this index to find an id.
CREATE INDEX execution_flow ON execution (integration, flow, account, id);
-- Failures are few and looked for often.
CREATE INDEX execution_error ON execution (account, id) WHERE error_code IS NOT NULL;
-- No column numbers the rows: both databases append to the table itself, which is what makes it fast (D17).
CREATE TABLE journal (
    account BIGINT NOT NULL,
    execution TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    records TEXT NOT NULL
);
CREATE UNIQUE INDEX journal_execution ON journal (account, execution, seq);
-- One row for each life of a node. A life that has ended keeps its row while executions name it.
CREATE TABLE node (
    name TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    alive BIGINT NOT NULL,
    PRIMARY KEY (name, epoch)
)
