SELECT id, world, tenant, person, epoch, master, wrapped, entry, destroyed_at FROM hos_vault_key
WHERE id > ? ORDER BY id LIMIT ?
