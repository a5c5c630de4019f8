-- Inbound webhooks, integration logs (spec 8, 9).
SELECT 1
