SELECT hos_log.scope, hos_log.size
FROM json_table(?, '$[*]' COLUMNS (scope BIGINT PATH '$')) AS line
STRAIGHT_JOIN hos_log ON hos_log.scope = line.scope
FOR UPDATE
