DELETE FROM hos_outbox WHERE id IN (SELECT value FROM json_each(?))
