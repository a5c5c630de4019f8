-- The newest of the unsuccessful come first without sorting them, whatever the account.
DROP INDEX execution_unsuccessful;
CREATE INDEX execution_unsuccessful ON execution (id, account, status) WHERE status IN ('failed', 'timed_out', 'cancelled')
