INSERT INTO hos_vault_walk (world, tenant, size) VALUES (?1, ?2, ?3)
ON CONFLICT (world, tenant) DO UPDATE SET size = excluded.size
