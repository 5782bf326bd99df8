SELECT tenant
FROM hos_scope
WHERE world = ? AND tenant > ? AND tenant <> '@world' AND status IS NOT NULL
ORDER BY tenant
LIMIT ?
