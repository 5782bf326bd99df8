INSERT INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
VALUES (($1 << 40) + $2, $3, $4, 0, $5, $6, $7);
INSERT INTO hos_part (entry, name, salt, body)
SELECT ($1 << 40) + $2, value ->> 0, unhex(value ->> 1), value ->> 2 FROM json_each($8);
INSERT INTO hos_repin (number, state, attributes, contract, proof_id, position)
SELECT held.number, line.value ->> 2, line.value ->> 3, $10, $3, ($1 << 40) + $2
FROM json_each($11) AS line
CROSS JOIN hos_subject AS held
    ON held.scope = $1 AND held.kind = $9 AND held.id = line.value ->> 0;
INSERT INTO hos_timer (subject, action, world, revision, due_at)
SELECT held.number, line.value ->> 1, above.number, held.revision, line.value ->> 2
FROM json_each($12) AS line
CROSS JOIN hos_scope AS own ON own.number = $1
CROSS JOIN hos_scope AS above ON above.world = own.world AND above.tenant = '@world'
CROSS JOIN hos_subject AS held
    ON held.scope = $1 AND held.kind = $9 AND held.id = line.value ->> 0;
INSERT INTO hos_receipt (scope, key, fingerprint, receipt, expires_at)
VALUES ($1, $15, $16, $17, $18);
UPDATE hos_scope SET log_size = $13, log_frontier = $14 WHERE number = $1;
COMMIT
