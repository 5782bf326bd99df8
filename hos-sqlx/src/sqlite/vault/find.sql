SELECT
    id, CAST(world AS BLOB), CAST(tenant AS BLOB), CAST(person AS BLOB), epoch,
    CAST(master AS BLOB), wrapped, entry, destroyed_at
FROM hos_vault_key
WHERE world = ?1 AND tenant = ?2 AND id IN (SELECT unhex(value) FROM json_each(?3))
