SELECT leaf_hash FROM hos_leaf
WHERE scope = ? AND leaf_index >= ? AND leaf_index < ?
ORDER BY leaf_index
