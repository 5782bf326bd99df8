SELECT
    segment.first_index, segment.end_index, segment.turn, segment.entry, segment.digest,
    segment.least_id, segment.greatest_id
FROM hos_scope
STRAIGHT_JOIN hos_archive AS segment ON segment.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ?
    AND segment.first_index > ? AND segment.end_index > ?
    AND NOT EXISTS (
        SELECT 1 FROM hos_archive AS later
        WHERE later.scope = segment.scope AND later.first_index = segment.first_index
            AND later.turn > segment.turn
    )
ORDER BY segment.first_index
LIMIT ?
