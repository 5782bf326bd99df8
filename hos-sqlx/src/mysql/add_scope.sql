INSERT IGNORE INTO hos_scope (world, tenant) VALUES (?, ?)
