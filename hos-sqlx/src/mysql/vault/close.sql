INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?, ?, ?, 2, ?)
ON DUPLICATE KEY UPDATE
    epoch = if(
        matter IS NULL AND (
            since <> VALUES(since) OR EXISTS (
                SELECT 1 FROM hos_vault_key AS used
                WHERE used.world = hos_vault_person.world AND used.tenant = hos_vault_person.tenant
                    AND used.person = hos_vault_person.person AND (
                        used.epoch = hos_vault_person.epoch
                        OR (used.epoch = hos_vault_person.epoch - 1 AND used.wrapped IS NULL)
                    )
            )
        ),
        epoch + 1, epoch
    ),
    since = if(matter IS NULL, VALUES(since), since)
RETURNING epoch, since, matter, held_at
