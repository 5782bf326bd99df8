SELECT 1 FROM hos_receipt
WHERE scope = (SELECT number FROM hos_scope WHERE world = ? AND tenant = ?) AND `key` = ?
LOCK IN SHARE MODE NOWAIT
