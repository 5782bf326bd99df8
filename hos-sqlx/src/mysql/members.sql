SELECT hos_member.actor, hos_member.roles
FROM hos_scope
STRAIGHT_JOIN hos_member ON hos_member.scope = hos_scope.number
WHERE hos_scope.world = ? AND hos_scope.tenant = ? AND hos_member.actor > ?
ORDER BY hos_member.actor
LIMIT ?
