SELECT
    hos_scope.world, hos_scope.tenant, hos_subject.kind, hos_subject.id,
    hos_timer.revision, hos_timer.action, hos_timer.due_at
FROM hos_timer
CROSS JOIN hos_subject ON hos_subject.number = hos_timer.subject
CROSS JOIN hos_scope ON hos_scope.number = hos_subject.scope
WHERE hos_timer.world = (SELECT number FROM hos_scope WHERE world = ? AND tenant = '@world')
    AND hos_timer.due_at <= ?
ORDER BY hos_timer.due_at, hos_timer.subject, hos_timer.action
LIMIT ?
