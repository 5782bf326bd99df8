INSERT INTO hos_subject (
    number, world, scope, revision, proof_id, terminal, timed, kind, id, state, contract,
    attributes
)
VALUES
(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
