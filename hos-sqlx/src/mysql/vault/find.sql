SELECT id, world, tenant, person, epoch, master, wrapped, entry, destroyed_at FROM hos_vault_key
JOIN JSON_TABLE(?, '$[*]' COLUMNS (asked VARCHAR(32) PATH '$')) AS wanted
    ON hos_vault_key.id = unhex(wanted.asked)
WHERE world = ? AND tenant = ?
