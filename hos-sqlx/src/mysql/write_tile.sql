INSERT INTO hos_tile (scope, level, place, root, hashes)
SELECT line.scope, line.level, line.place, line.root, line.hashes
FROM (SELECT ? AS scope, ? AS level, ? AS place, ? AS root, ? AS hashes) AS line
WHERE NOT EXISTS (
    SELECT 1 FROM hos_tile
    WHERE scope = line.scope AND level = line.level AND place = line.place
)
