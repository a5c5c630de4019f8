-- Users, tokens, profiles, activities, tickets, request bins (the local Zendesk).
SELECT 1
