SELECT size, kind, attester, body FROM hos_attestation
WHERE size >= ?
ORDER BY size, kind, attester
LIMIT ?
