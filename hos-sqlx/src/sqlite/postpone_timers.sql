UPDATE hos_timer SET due_at = ?1
WHERE (subject, action, revision, due_at) IN (
    SELECT hos_subject.number, line.value ->> 4, line.value ->> 5, line.value ->> 6
    FROM json_each(?2) AS line
    CROSS JOIN hos_scope
        ON hos_scope.world = line.value ->> 0 AND hos_scope.tenant = line.value ->> 1
    CROSS JOIN hos_subject
        ON hos_subject.scope = hos_scope.number AND hos_subject.kind = line.value ->> 2
        AND hos_subject.id = line.value ->> 3
)
