INSERT INTO hos_scope (world, tenant) VALUES (?, ?) RETURNING number
