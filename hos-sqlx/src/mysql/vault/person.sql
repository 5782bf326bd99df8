SELECT epoch, since, matter, held_at FROM hos_vault_person
WHERE world = ? AND tenant = ? AND person = ?
