SELECT hos_hashes(line.scope, line.level, line.first, line.many)
FROM json_table(?, '$[*]' COLUMNS (
    ordinal FOR ORDINALITY, scope BIGINT PATH '$[0]', level INT PATH '$[1]',
    first BIGINT PATH '$[2]', many INT PATH '$[3]'
)) AS line
ORDER BY line.ordinal
