SELECT root FROM hos_tile
WHERE scope = ? AND level = ? AND place >= ? AND place < ?
ORDER BY place
