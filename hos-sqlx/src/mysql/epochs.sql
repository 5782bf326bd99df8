SELECT epoch.number, epoch.entry, hos_scope.world, hos_scope.tenant
FROM hos_log_epoch AS epoch
STRAIGHT_JOIN hos_scope ON hos_scope.number = epoch.recorded_in
WHERE epoch.scope = ?
ORDER BY epoch.number
