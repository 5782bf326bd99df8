SELECT size FROM hos_vault_walk WHERE world = ?1 AND tenant = ?2
