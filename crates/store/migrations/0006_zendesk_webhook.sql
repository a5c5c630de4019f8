-- Webhooks of a real Zendesk account that deliver to us: `secret` signs their deliveries and is sealed.
CREATE TABLE zd_webhook (
    account BIGINT NOT NULL,
    name TEXT NOT NULL,
    secret {{blob}} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, name)
)
