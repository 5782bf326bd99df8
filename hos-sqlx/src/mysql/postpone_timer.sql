UPDATE hos_timer SET due_at = ?
WHERE subject = (
    SELECT hos_subject.number
    FROM hos_scope
    STRAIGHT_JOIN hos_subject ON hos_subject.scope = hos_scope.number
    WHERE hos_scope.world = ? AND hos_scope.tenant = ?
        AND hos_subject.kind = ? AND hos_subject.id = ?
)
    AND action = ? AND revision = ? AND due_at = ?
