INSERT INTO hos_vault_person (world, tenant, person, epoch, since, matter, held_at)
VALUES (?, ?, ?, 1, 0, ?, ?)
ON DUPLICATE KEY UPDATE
    held_at = if(matter IS NULL, VALUES(held_at), held_at),
    matter = coalesce(matter, VALUES(matter))
RETURNING matter
