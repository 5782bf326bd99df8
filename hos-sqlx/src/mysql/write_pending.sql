INSERT INTO hos_pending (scope, entry)
VALUES
(?, ?)
