UPDATE json_table(?, '$[*]' COLUMNS (
    world VARCHAR(32) PATH '$[0]', tenant VARCHAR(128) PATH '$[1]', kind VARCHAR(32) PATH '$[2]',
    id VARCHAR(128) PATH '$[3]', action VARCHAR(32) PATH '$[4]', revision BIGINT PATH '$[5]',
    due_at BIGINT PATH '$[6]'
)) AS line
STRAIGHT_JOIN hos_scope
    ON hos_scope.world = CAST(line.world AS BINARY)
    AND hos_scope.tenant = CAST(line.tenant AS BINARY)
STRAIGHT_JOIN hos_subject
    ON hos_subject.scope = hos_scope.number AND hos_subject.kind = CAST(line.kind AS BINARY)
    AND hos_subject.id = CAST(line.id AS BINARY)
STRAIGHT_JOIN hos_timer FORCE INDEX (PRIMARY)
    ON hos_timer.subject = hos_subject.number AND hos_timer.action = CAST(line.action AS BINARY)
    AND hos_timer.revision = line.revision AND hos_timer.due_at = line.due_at
SET hos_timer.due_at = ?
