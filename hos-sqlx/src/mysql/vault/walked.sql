SELECT size FROM hos_vault_walk WHERE world = ? AND tenant = ?
