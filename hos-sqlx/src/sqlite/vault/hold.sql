INSERT INTO hos_vault_person (world, tenant, person, epoch, since, matter, held_at)
VALUES (?1, ?2, ?3, 1, 0, ?4, ?5)
ON CONFLICT (world, tenant, person) DO UPDATE SET
    matter = coalesce(matter, excluded.matter),
    held_at = CASE
        WHEN matter IS NULL THEN excluded.held_at
        WHEN matter = excluded.matter THEN max(held_at + 1, excluded.held_at)
        ELSE held_at
    END
RETURNING CAST(matter AS BLOB)
