SELECT world, tenant, person, epoch, since, matter, held_at FROM hos_vault_person
WHERE (world, tenant, person) > (?, ?, ?)
ORDER BY world, tenant, person LIMIT ?
