-- Integrations, bundles and their versions, job specs (spec 1).
SELECT 1
