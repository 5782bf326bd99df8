INSERT INTO hos_attestation (size, kind, attester, body)
SELECT ?1, ?2, ?3, ?4
WHERE NOT EXISTS (
    SELECT 1 FROM hos_attestation WHERE size = ?1 AND kind = ?2 AND attester = ?3
)
