SELECT CAST(matter AS BLOB) FROM hos_vault_person
WHERE world = ?1 AND tenant = ?2 AND matter IS NOT NULL
ORDER BY person LIMIT 1
