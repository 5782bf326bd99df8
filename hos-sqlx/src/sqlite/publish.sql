INSERT INTO hos_checkpoint (scope, size, note, sealed_at)
SELECT ?1, ?3, ?4, ?5
WHERE ?2 = coalesce((SELECT max(size) FROM hos_checkpoint WHERE scope = ?1), 0)
    AND ?3 > ?2 AND ?3 <= (SELECT size FROM hos_log_size WHERE scope = ?1)
