INSERT INTO hos_vault_person (world, tenant, person, epoch, since, matter, held_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (world, tenant, person) DO UPDATE SET
    epoch = max(epoch, excluded.epoch),
    since = CASE WHEN epoch < excluded.epoch THEN excluded.since ELSE since END,
    matter = coalesce(matter, excluded.matter),
    held_at = CASE WHEN matter IS NULL THEN excluded.held_at ELSE held_at END
