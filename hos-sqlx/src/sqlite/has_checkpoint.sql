SELECT 1 FROM hos_checkpoint WHERE scope = 0 AND size = ?
