SELECT
    hos_entry.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash, hos_entry.recorded_at,
    (
        SELECT json_group_array(json_array(name, hex(salt), body))
        FROM hos_part WHERE entry = hos_entry.position
    )
FROM hos_scope
CROSS JOIN hos_entry ON hos_entry.id = ?3 AND hos_entry.scope = hos_scope.number
WHERE hos_scope.world = ?1 AND hos_scope.tenant = ?2
