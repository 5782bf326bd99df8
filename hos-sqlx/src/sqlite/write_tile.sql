INSERT INTO hos_tile (position, root, hashes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
