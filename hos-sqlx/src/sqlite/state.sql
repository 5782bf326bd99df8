SELECT
    (SELECT size FROM hos_log_size WHERE scope = ?1),
    (SELECT log_frontier FROM hos_scope WHERE number = ?1),
    coalesce((
        SELECT max(position) - (?1 << 40) + 1 FROM hos_tile
        WHERE position >= ?1 << 40 AND position < (?1 << 40) + (1 << 37)
    ), 0),
    last.size, last.note, last.sealed_at,
    coalesce((SELECT max(number) FROM hos_log_epoch WHERE scope = ?1), 1)
FROM (SELECT 1)
LEFT JOIN (
    SELECT size, note, sealed_at FROM hos_checkpoint
    WHERE scope = ?1
    ORDER BY size DESC
    LIMIT 1
) AS last
