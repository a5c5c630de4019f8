-- Lists of one integration and of one event, the newest first, from an index each. What tells rows apart best comes first: PostgreSQL, while
-- it knows nothing of a new table, would take an index that begins with the account to find an id.
DROP INDEX execution_flow;
CREATE INDEX execution_integration ON execution (integration, account, id, flow);
DROP INDEX execution_event;
CREATE INDEX execution_event ON execution (event_id, account, id);
-- The few grave lines, the newest first without sorting them.
DROP INDEX integration_log_grave;
CREATE INDEX integration_log_grave ON integration_log (id, account) WHERE level IN ('warning', 'error')
