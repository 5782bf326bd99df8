SELECT
    live.id,
    coalesce((
        SELECT json_arrayagg(json_array(action, due_at) ORDER BY action)
        FROM hos_timer WHERE hos_timer.subject = live.number
    ), '[]'),
    live.state, live.revision, live.contract, live.proof_id, live.attributes
FROM hos_scope AS own
STRAIGHT_JOIN hos_scope AS above ON above.world = own.world AND above.tenant = '@world'
STRAIGHT_JOIN hos_subject AS live FORCE INDEX (hos_subject_pin)
    ON live.world = above.number AND live.terminal = 0 AND live.scope = own.number
WHERE own.world = ? AND own.tenant = ?
    AND live.kind = ? AND live.contract = ? AND live.id > ?
ORDER BY live.id
LIMIT ?
