SELECT
    live.id, subject.state, subject.revision, subject.contract, subject.proof_id,
    subject.attributes,
    (
        SELECT json_group_array(json_array(action, due_at) ORDER BY action)
        FROM hos_timer WHERE hos_timer.subject = live.subject
    )
FROM hos_scope AS own
CROSS JOIN hos_live AS live ON live.scope = own.number
CROSS JOIN hos_subject AS subject ON subject.number = live.subject
WHERE own.world = ?1 AND own.tenant = ?2
    AND live.kind = ?3 AND live.contract = ?4 AND live.id > ?5
ORDER BY live.id
LIMIT ?6
