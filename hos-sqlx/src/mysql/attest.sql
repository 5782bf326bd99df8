INSERT IGNORE INTO hos_attestation (size, kind, attester, body) VALUES (?, ?, ?, ?)
