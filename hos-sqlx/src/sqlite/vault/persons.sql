SELECT
    CAST(world AS BLOB), CAST(tenant AS BLOB), CAST(person AS BLOB), epoch, since,
    CAST(matter AS BLOB), held_at
FROM hos_vault_person
WHERE (world, tenant, person) > (?1, ?2, ?3)
ORDER BY world, tenant, person LIMIT ?4
