SELECT
    own.number, own.generation, world.generation, own.log_size, own.log_frontier,
    (
        SELECT json_group_array(line.value ->> 0)
        FROM json_each(?4) AS line
        LEFT JOIN hos_subject AS subject
            ON subject.scope = own.number AND subject.kind = ?3 AND subject.id = line.value ->> 0
        WHERE subject.proof_id IS NOT unhex(line.value ->> 1)
    ),
    EXISTS (SELECT 1 FROM hos_receipt WHERE scope = own.number AND key = ?5)
FROM hos_scope AS own
CROSS JOIN hos_scope AS world ON world.world = own.world AND world.tenant = '@world'
WHERE own.world = ?1 AND own.tenant = ?2
