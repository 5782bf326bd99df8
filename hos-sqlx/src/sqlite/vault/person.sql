SELECT epoch, since, CAST(matter AS BLOB), held_at FROM hos_vault_person
WHERE world = ?1 AND tenant = ?2 AND person = ?3
