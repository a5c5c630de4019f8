-- When a connection was last used, to the minute; NULL: never, or before this column was there.
ALTER TABLE connection ADD COLUMN used_at BIGINT;
-- What the console counts is read from indexes alone, and an execution that succeeds, as most do, pays for none of it: those that
-- succeeded are all less these and less the open ones.
DROP INDEX execution_error;
CREATE INDEX execution_unsuccessful ON execution (account, id, status) WHERE status IN ('failed', 'timed_out', 'cancelled');
DROP INDEX execution_open;
CREATE INDEX execution_open ON execution (node, epoch, account, id, status) WHERE ended_at IS NULL;
-- Warnings and errors are few and looked for often.
CREATE INDEX integration_log_grave ON integration_log (account, id) WHERE level IN ('warning', 'error')
