SELECT DISTINCT hos_grant.actor
FROM hos_scope
CROSS JOIN hos_grant ON hos_grant.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND hos_grant.actor > ?
ORDER BY hos_grant.actor
LIMIT ?
