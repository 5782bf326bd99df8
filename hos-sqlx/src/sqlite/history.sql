SELECT
    hos_entry.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash, hos_entry.recorded_at,
    (
        SELECT json_group_array(json_array(name, hex(salt), body))
        FROM hos_part WHERE entry = hos_entry.position
    )
FROM hos_scope
CROSS JOIN hos_subject
    ON hos_subject.scope = hos_scope.number AND hos_subject.kind = ?3 AND hos_subject.id = ?4
CROSS JOIN hos_entry
    ON hos_entry.subject = hos_subject.number AND hos_entry.moves = 1 AND hos_entry.revision > ?5
WHERE hos_scope.world = ?1 AND hos_scope.tenant = ?2
ORDER BY hos_entry.revision
LIMIT ?6
