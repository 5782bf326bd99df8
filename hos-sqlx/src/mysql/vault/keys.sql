SELECT id, world, tenant, person, epoch, master, wrapped, entry, destroyed_at FROM hos_vault_key
WHERE world = ? AND tenant = ? AND person = ? AND epoch IN (?, ?)
