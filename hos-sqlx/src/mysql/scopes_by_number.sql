SELECT 0, world, tenant, hos_scope.number, generation
FROM json_table('[{numbers}]', '$[*]' COLUMNS (number BIGINT PATH '$')) AS line
STRAIGHT_JOIN hos_scope FORCE INDEX (PRIMARY) ON hos_scope.number = line.number
LOCK IN SHARE MODE
