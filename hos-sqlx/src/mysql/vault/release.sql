UPDATE hos_vault_person SET matter = NULL, held_at = NULL
WHERE world = ? AND tenant = ? AND person = ? AND matter = ? AND held_at <= ?
