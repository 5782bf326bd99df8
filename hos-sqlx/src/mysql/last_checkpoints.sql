SELECT line.scope, (
    SELECT size FROM hos_checkpoint
    WHERE hos_checkpoint.scope = line.scope
    ORDER BY size DESC LIMIT 1
)
FROM json_table(?, '$[*]' COLUMNS (scope BIGINT PATH '$')) AS line
