INSERT IGNORE INTO hos_vault_key (id, world, tenant, person, epoch, master, wrapped)
VALUES (?, ?, ?, ?, ?, ?, ?)
