SELECT hos_scope.world, hos_scope.tenant, hos_scope.number, hos_scope.generation
FROM json_table(?, '$[*]' COLUMNS (
    world VARCHAR(32) PATH '$[0]', tenant VARCHAR(128) PATH '$[1]'
)) AS line
STRAIGHT_JOIN hos_scope
    ON hos_scope.world = CAST(line.world AS BINARY)
    AND hos_scope.tenant = CAST(line.tenant AS BINARY)
FOR UPDATE
