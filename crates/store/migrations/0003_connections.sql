-- Connections, OAuth clients and pending OAuth flows, configs, links (spec 6, 7).
SELECT 1
