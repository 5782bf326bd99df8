SELECT
    hos_log.size, hos_log.frontier,
    (SELECT max(leaf_index) + 1 FROM hos_deployment WHERE line.scope = 0),
    (
        SELECT place + 1 FROM hos_tile
        WHERE hos_tile.scope = line.scope AND level = 0
        ORDER BY place DESC LIMIT 1
    ),
    last.size, last.note, last.sealed_at,
    (SELECT max(number) FROM hos_log_epoch WHERE hos_log_epoch.scope = line.scope)
FROM json_table(?, '$[*]' COLUMNS (ordinal FOR ORDINALITY, scope BIGINT PATH '$')) AS line
LEFT JOIN hos_log ON hos_log.scope = line.scope
LEFT JOIN hos_checkpoint AS last ON last.scope = line.scope AND last.size = (
    SELECT newest.size FROM hos_checkpoint AS newest
    WHERE newest.scope = line.scope
    ORDER BY newest.size DESC LIMIT 1
)
ORDER BY line.ordinal
