SELECT leaf_index, size, note, leaf_hash FROM hos_deployment
WHERE scope = ? AND size > ?
ORDER BY size
LIMIT 1
