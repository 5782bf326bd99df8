INSERT INTO hos_deployment (leaf_index, scope, size, note, leaf_hash)
SELECT ?1, number, ?4, ?5, ?6 FROM hos_scope
WHERE world = ?2 AND tenant = ?3 AND ?1 = (SELECT size FROM hos_log_size WHERE scope = 0)
