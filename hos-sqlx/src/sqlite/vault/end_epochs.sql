INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?1, ?2, ?3, ?4 + 1, 0)
ON CONFLICT (world, tenant, person) DO UPDATE SET epoch = max(epoch, excluded.epoch)
