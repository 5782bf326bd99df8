SELECT matter FROM hos_vault_person
WHERE world = ? AND tenant = ? AND matter IS NOT NULL
ORDER BY person LIMIT 1
