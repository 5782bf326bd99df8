SELECT line.place, hos_scope.number
FROM json_table(?, '$[*]' COLUMNS (
    place FOR ORDINALITY, world VARCHAR(32) PATH '$[0]', tenant VARCHAR(128) PATH '$[1]'
)) AS line
STRAIGHT_JOIN hos_scope
    ON hos_scope.world = CAST(line.world AS BINARY)
    AND hos_scope.tenant = CAST(line.tenant AS BINARY)
