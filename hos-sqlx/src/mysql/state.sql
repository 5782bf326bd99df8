SELECT
    (SELECT size FROM hos_log WHERE scope = asked.scope),
    (SELECT frontier FROM hos_log WHERE scope = asked.scope),
    (SELECT max(leaf_index) + 1 FROM hos_deployment WHERE asked.scope = 0),
    (SELECT max(place) + 1 FROM hos_tile WHERE scope = asked.scope AND level = 0),
    last.size, last.note, last.sealed_at,
    (SELECT max(number) FROM hos_log_epoch WHERE scope = asked.scope)
FROM (SELECT ? AS scope) AS asked
LEFT JOIN (
    SELECT scope, size, note, sealed_at FROM hos_checkpoint
    WHERE scope = ?
    ORDER BY size DESC
    LIMIT 1
) AS last ON true
