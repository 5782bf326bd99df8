SELECT
    coalesce((SELECT size FROM hos_log_size WHERE hos_log_size.scope = line.value), 0),
    (SELECT log_frontier FROM hos_scope WHERE number = line.value),
    coalesce((
        SELECT max(position) - (line.value << 40) + 1 FROM hos_tile
        WHERE position >= line.value << 40 AND position < (line.value << 40) + (1 << 37)
    ), 0),
    last.size, last.note, last.sealed_at,
    coalesce((SELECT max(number) FROM hos_log_epoch WHERE hos_log_epoch.scope = line.value), 1)
FROM json_each(?) AS line
LEFT JOIN hos_checkpoint AS last
    ON last.scope = line.value
    AND last.size = (SELECT max(size) FROM hos_checkpoint WHERE scope = line.value)
ORDER BY line.key
