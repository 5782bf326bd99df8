INSERT INTO hos_write (
    scope, generation, world_scope, world_generation,
    kind, id, from_revision, from_proof, state, terminal, attributes, contract,
    entry_id, leaf_index, type, moves, revision, recorded_at, leaf, leaf_hash, dedup, parts,
    key, fingerprint, receipt, expires_at,
    outbox, timers, standing,
    log_base, log_size, log_frontier
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
