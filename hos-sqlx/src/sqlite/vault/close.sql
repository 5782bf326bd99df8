INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?1, ?2, ?3, 2, ?4)
ON CONFLICT (world, tenant, person) DO UPDATE
SET epoch = epoch + (
    since <> excluded.since OR EXISTS (
        SELECT 1 FROM hos_vault_key AS used
        WHERE used.world = ?1 AND used.tenant = ?2 AND used.person = ?3 AND (
            used.epoch = hos_vault_person.epoch
            OR (used.epoch = hos_vault_person.epoch - 1 AND used.wrapped IS NULL)
        )
    )
), since = excluded.since
WHERE matter IS NULL
RETURNING epoch
