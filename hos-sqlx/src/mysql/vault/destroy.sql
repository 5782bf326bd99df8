UPDATE hos_vault_key SET master = NULL, wrapped = NULL, entry = ?, destroyed_at = ?
WHERE world = ? AND tenant = ? AND person = ? AND epoch <= ? AND wrapped IS NOT NULL
