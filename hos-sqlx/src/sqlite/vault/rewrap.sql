UPDATE hos_vault_key SET master = ?4, wrapped = ?5
WHERE id = ?1 AND master = ?2 AND wrapped = ?3
