SELECT
    hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash, hos_entry.recorded_at,
    (
        SELECT json_arrayagg(json_array(CONVERT(name USING utf8mb4), hex(salt), body))
        FROM hos_part WHERE entry = hos_entry.id
    )
FROM hos_scope
STRAIGHT_JOIN hos_leaf ON hos_leaf.scope = hos_scope.number
STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_leaf.entry
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND hos_leaf.leaf_index >= ?
ORDER BY hos_leaf.leaf_index
LIMIT ?
