SELECT
    id, CAST(world AS BLOB), CAST(tenant AS BLOB), CAST(person AS BLOB), epoch,
    CAST(master AS BLOB), wrapped, entry, destroyed_at
FROM hos_vault_key
WHERE id > ?1 ORDER BY id LIMIT ?2
