SELECT
    hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash, hos_entry.recorded_at,
    (
        SELECT json_arrayagg(json_array(CONVERT(name USING utf8mb4), hex(salt), body))
        FROM hos_part WHERE entry = hos_entry.id
    )
FROM hos_scope
STRAIGHT_JOIN hos_subject ON hos_subject.scope = hos_scope.number
STRAIGHT_JOIN hos_entry ON hos_entry.subject = hos_subject.number AND hos_entry.moves
LEFT JOIN hos_leaf ON hos_leaf.entry = hos_entry.id
WHERE hos_scope.world = ? AND hos_scope.tenant = ?
    AND hos_subject.kind = ? AND hos_subject.id = ? AND hos_entry.revision > ?
ORDER BY hos_entry.revision
LIMIT ?
