INSERT INTO hos_vault_walk (world, tenant, size) VALUES (?, ?, ?)
ON DUPLICATE KEY UPDATE size = VALUES(size)
