UPDATE hos_vault_key SET master = NULL, wrapped = NULL, entry = ?, destroyed_at = ?
WHERE id = ? AND wrapped IS NOT NULL
