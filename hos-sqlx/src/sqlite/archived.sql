SELECT (segment.scope << 40) + segment.first_index, (segment.scope << 40) + segment.end_index
FROM hos_scope
CROSS JOIN hos_archive AS segment
    ON segment.scope = hos_scope.number AND segment.first_index = ?3
WHERE hos_scope.world = ?1 AND hos_scope.tenant = ?2
    AND segment.turn = (
        SELECT max(turn) FROM hos_archive
        WHERE scope = hos_scope.number AND first_index = ?3
    )
    AND segment.turn & 1 = 0
