SELECT hos_law.version, hos_law.digest, hos_law.deployment
FROM hos_scope
STRAIGHT_JOIN hos_law ON hos_law.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = '@world'
ORDER BY hos_law.number
