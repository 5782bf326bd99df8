INSERT INTO hos_checkpoint (scope, size, sealed_at, note)
VALUES
(?, ?, ?, ?)
