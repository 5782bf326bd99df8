SELECT DISTINCT hos_pin.kind, hos_pin.contract
FROM hos_scope
CROSS JOIN hos_pin ON hos_pin.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_pin.live > 0
ORDER BY hos_pin.kind, hos_pin.contract
