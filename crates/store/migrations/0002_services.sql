-- Integrations, bundles, job specs, connections, configs, links, webhooks, logs (spec 1, 6-9).
SELECT 1
