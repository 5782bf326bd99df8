INSERT INTO hos_vault_person (world, tenant, person, epoch, since, matter, held_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    since = if(epoch < VALUES(epoch), VALUES(since), since),
    epoch = greatest(epoch, VALUES(epoch)),
    held_at = if(matter IS NULL, VALUES(held_at), held_at),
    matter = coalesce(matter, VALUES(matter))
