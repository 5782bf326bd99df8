SELECT root = ? AND hashes = ? FROM hos_tile
WHERE scope = ? AND level = ? AND place = ?
LOCK IN SHARE MODE
