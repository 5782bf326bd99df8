SELECT hos_entry.leaf_hash
FROM hos_scope
CROSS JOIN hos_entry
    ON hos_entry.position >= (hos_scope.number << 40) + ?3
    AND hos_entry.position < (hos_scope.number + 1) << 40
WHERE hos_scope.world = ?1 AND hos_scope.tenant = ?2
ORDER BY hos_entry.position
LIMIT ?4
