UPDATE hos_part
JOIN JSON_TABLE(?, '$[*]' COLUMNS (
    entry VARCHAR(32) PATH '$[0]', name VARCHAR(64) PATH '$[1]'
)) AS gone ON hos_part.entry = unhex(gone.entry) AND hos_part.name = CAST(gone.name AS BINARY)
JOIN hos_scope ON hos_scope.number = hos_part.scope
SET hos_part.salt = repeat(char(0), 32), hos_part.body = ?
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND hos_part.body NOT LIKE '-%'
