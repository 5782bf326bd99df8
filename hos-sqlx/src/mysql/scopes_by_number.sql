SELECT 0, world, tenant, number, generation FROM hos_scope FORCE INDEX (PRIMARY)
WHERE number IN ({numbers})
LOCK IN SHARE MODE
