INSERT INTO hos_vault_person (world, tenant, person, epoch, since, matter, held_at)
VALUES (?, ?, ?, 1, 0, ?, ?)
ON DUPLICATE KEY UPDATE
    held_at = CASE
        WHEN matter IS NULL THEN VALUES(held_at)
        WHEN matter = VALUES(matter) THEN greatest(held_at + 1, VALUES(held_at))
        ELSE held_at
    END,
    matter = coalesce(matter, VALUES(matter))
RETURNING matter
