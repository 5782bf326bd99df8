UPDATE hos_vault_person SET matter = NULL, held_at = NULL
WHERE world = ?1 AND tenant = ?2 AND person = ?3 AND matter = ?4 AND held_at <= ?5
