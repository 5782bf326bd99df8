SELECT epoch, since, matter FROM hos_vault_person WHERE world = ? AND tenant = ? AND person = ?
