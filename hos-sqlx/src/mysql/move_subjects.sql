INSERT INTO hos_subject (
    number, world, scope, revision, proof_id, terminal, timed, kind, id, state, contract,
    attributes
)
VALUES
(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    revision = VALUE(revision), proof_id = VALUE(proof_id), terminal = VALUE(terminal),
    timed = VALUE(timed), state = VALUE(state), contract = VALUE(contract),
    attributes = VALUE(attributes)
