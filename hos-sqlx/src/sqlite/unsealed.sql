SELECT hos_unsealed.scope, coalesce(hos_scope.world, ''), coalesce(hos_scope.tenant, '')
FROM hos_unsealed
LEFT JOIN hos_scope ON hos_scope.number = hos_unsealed.scope
WHERE hos_unsealed.scope > ?
ORDER BY hos_unsealed.scope
LIMIT ?
