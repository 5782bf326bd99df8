SELECT coalesce(max(size), 0) FROM hos_checkpoint WHERE scope = ?
