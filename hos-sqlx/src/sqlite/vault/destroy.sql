UPDATE hos_vault_key
SET master = NULL, wrapped = NULL, entry = ?5, destroyed_at = ?6
WHERE world = ?1 AND tenant = ?2 AND person = ?3 AND epoch <= ?4 AND wrapped IS NOT NULL
