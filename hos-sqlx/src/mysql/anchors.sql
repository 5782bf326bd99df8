SELECT anchor.leaf_index, hos_scope.world, hos_scope.tenant, anchor.size, anchor.note,
    anchor.leaf_hash
FROM hos_deployment AS anchor
STRAIGHT_JOIN hos_scope ON hos_scope.number = anchor.scope
WHERE anchor.leaf_index >= ?
ORDER BY anchor.leaf_index
LIMIT ?
