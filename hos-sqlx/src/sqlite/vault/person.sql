SELECT epoch, since, CAST(matter AS BLOB) FROM hos_vault_person
WHERE world = ?1 AND tenant = ?2 AND person = ?3
