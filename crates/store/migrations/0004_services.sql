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
CREATE INDEX integration_log_account ON integration_log (account, id)
