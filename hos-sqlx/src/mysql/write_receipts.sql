INSERT INTO hos_receipt (scope, expires_at, `key`, fingerprint, receipt)
VALUES
(?, ?, ?, ?, ?)
