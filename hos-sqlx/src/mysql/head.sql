SELECT hos_log.size, hos_log.frontier
FROM hos_scope
STRAIGHT_JOIN hos_log ON hos_log.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ?
