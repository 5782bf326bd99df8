INSERT INTO hos_deployment (leaf_index, scope, size, note, leaf_hash)
SELECT ?, number, ?, ?, ? FROM hos_scope WHERE world = ? AND tenant = ?
