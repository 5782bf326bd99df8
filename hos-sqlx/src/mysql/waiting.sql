SELECT
    hos_outbox.id, hos_scope.world, hos_scope.tenant, hos_subject.kind, hos_subject.id,
    hos_outbox.revision, hos_outbox.entry, hos_outbox.topic, hos_outbox.payload,
    hos_outbox.traceparent
FROM hos_outbox
STRAIGHT_JOIN hos_subject ON hos_subject.number = hos_outbox.subject
STRAIGHT_JOIN hos_scope ON hos_scope.number = hos_subject.scope
ORDER BY hos_outbox.id
LIMIT ?
