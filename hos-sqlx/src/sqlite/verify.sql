WITH step (line, world, tenant, kind, id, key, dedup, seen_size) AS (
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
)
SELECT
    own.number, coalesce(own.generation, 0), world.number, coalesce(world.generation, 0),
    coalesce(own.log_size, 0),
    CASE WHEN own.log_size IS NOT step.seen_size THEN own.log_frontier END,
    subject.proof_id, coalesce(subject.terminal, 0),
    receipt.fingerprint, receipt.receipt,
    step.dedup IS NOT NULL AND (
        EXISTS (
            SELECT 1 FROM hos_entry
            WHERE scope = own.number AND dedup = step.dedup AND dedup IS NOT NULL
        )
        OR EXISTS (SELECT 1 FROM hos_dedup WHERE scope = own.number AND dedup = step.dedup)
    )
FROM step
LEFT JOIN hos_scope AS own ON own.world = step.world AND own.tenant = step.tenant
LEFT JOIN hos_scope AS world ON world.world = step.world AND world.tenant = '@world'
LEFT JOIN hos_subject AS subject
    ON subject.scope = own.number AND subject.kind = step.kind AND subject.id = step.id
LEFT JOIN hos_receipt AS receipt
    ON receipt.scope = own.number AND receipt.key = step.key
WHERE step.line IS NOT NULL
