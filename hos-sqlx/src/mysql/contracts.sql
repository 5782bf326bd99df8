SELECT hos_contract.kind, hos_contract.version, hos_contract.digest
FROM hos_scope
STRAIGHT_JOIN hos_contract ON hos_contract.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = '@world'
ORDER BY hos_contract.number
