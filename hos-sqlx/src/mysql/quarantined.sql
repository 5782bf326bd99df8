SELECT aside.entry
FROM hos_scope
STRAIGHT_JOIN hos_quarantine AS aside ON aside.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND aside.entry >= ?
    AND NOT EXISTS (SELECT 1 FROM hos_leaf WHERE entry = aside.entry)
ORDER BY aside.entry
LIMIT ?
