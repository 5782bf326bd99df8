UPDATE hos_vault_key SET master = ?, wrapped = ? WHERE id = ? AND master = ? AND wrapped = ?
