INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?, ?, ?, ? + 1, 0)
ON DUPLICATE KEY UPDATE epoch = greatest(epoch, VALUES(epoch))
