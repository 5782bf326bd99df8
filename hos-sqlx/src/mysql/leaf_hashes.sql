SELECT hos_leaf.leaf_hash
FROM hos_scope
STRAIGHT_JOIN hos_leaf ON hos_leaf.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND hos_leaf.leaf_index >= ?
ORDER BY hos_leaf.leaf_index
LIMIT ?
