SELECT leaf_hash FROM hos_deployment
WHERE leaf_index >= ? AND leaf_index < ?
ORDER BY leaf_index
