INSERT INTO hos_vault_person (world, tenant, person, epoch, since) VALUES (?, ?, ?, 2, ?)
ON DUPLICATE KEY UPDATE
    epoch = if(matter IS NULL AND since <> VALUES(since), epoch + 1, epoch),
    since = if(matter IS NULL, VALUES(since), since)
RETURNING epoch, since, matter
