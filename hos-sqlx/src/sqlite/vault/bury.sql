INSERT INTO hos_vault_key (id, world, tenant, person, epoch, entry, destroyed_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (
    SELECT 1 FROM hos_vault_key
    WHERE id = ?1 OR (world = ?2 AND tenant = ?3 AND person = ?4 AND epoch = ?5)
)
