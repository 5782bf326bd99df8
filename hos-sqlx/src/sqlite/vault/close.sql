INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?1, ?2, ?3, 2, ?4)
ON CONFLICT (world, tenant, person) DO UPDATE
SET epoch = epoch + (since <> excluded.since), since = excluded.since
WHERE matter IS NULL
RETURNING epoch
