UPDATE hos_vault_key SET master = NULL, wrapped = NULL, entry = ?2, destroyed_at = ?3
WHERE id = ?1 AND wrapped IS NOT NULL
