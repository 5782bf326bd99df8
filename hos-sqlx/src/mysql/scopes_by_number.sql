SELECT world, tenant, number, generation FROM hos_scope FORCE INDEX (PRIMARY)
WHERE number IN (
?
)
LOCK IN SHARE MODE
