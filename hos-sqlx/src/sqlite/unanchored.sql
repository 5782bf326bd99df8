SELECT hos_scope.world, hos_scope.tenant, sealed.size, sealed.note, sealed.sealed_at
FROM hos_unanchored
CROSS JOIN hos_scope ON hos_scope.number = hos_unanchored.scope
CROSS JOIN hos_checkpoint AS sealed
    ON sealed.scope = hos_unanchored.scope AND sealed.size = hos_unanchored.size
ORDER BY hos_unanchored.scope
LIMIT ?
