SELECT size, note, sealed_at FROM hos_checkpoint
WHERE scope = ? AND size >= ?
ORDER BY size
LIMIT ?
