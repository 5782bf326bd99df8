SELECT first_index, end_index, turn, entry, digest, least_id, greatest_id
FROM hos_scope
CROSS JOIN hos_archive AS segment ON segment.scope = hos_scope.number
WHERE hos_scope.world = ?1 AND hos_scope.tenant = ?2
    AND segment.first_index > ?3 - 65536 AND segment.end_index > ?3
    AND NOT EXISTS (
        SELECT 1 FROM hos_archive AS later
        WHERE later.scope = segment.scope AND later.first_index = segment.first_index
            AND later.turn > segment.turn
    )
ORDER BY segment.first_index
LIMIT ?4
