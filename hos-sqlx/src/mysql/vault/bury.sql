INSERT IGNORE INTO hos_vault_key (id, world, tenant, person, epoch, entry, destroyed_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
