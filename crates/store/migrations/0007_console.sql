-- When a connection was last used, to the minute; NULL: never, or before this column was there.
ALTER TABLE connection ADD COLUMN used_at BIGINT;
-- What the console counts and lists is read from indexes, and an execution that succeeds, as most do, pays little for it: those that
-- succeeded are all less the unsuccessful and the open ones. The conditions are ORs: for an IN, SQLite makes a table of the words each time
-- a row is written.
DROP INDEX execution_error;
CREATE INDEX execution_unsuccessful ON execution (id, account, status) WHERE status = 'failed' OR status = 'timed_out' OR status = 'cancelled';
DROP INDEX execution_open;
CREATE INDEX execution_open ON execution (node, epoch, account, id, status) WHERE ended_at IS NULL;
-- The newest of an integration, of its flow, of an event. What tells rows apart best comes first: PostgreSQL, while it knows nothing of a new
-- table, would take an index that begins with the account to find an id.
DROP INDEX execution_flow;
CREATE INDEX execution_integration ON execution (integration, account, id, flow);
DROP INDEX execution_event;
CREATE INDEX execution_event ON execution (event_id, account, id);
-- Warnings and errors are few and looked for often.
CREATE INDEX integration_log_grave ON integration_log (id, account) WHERE level = 'warning' OR level = 'error'
