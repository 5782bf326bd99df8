INSERT INTO hos_dedup (scope, dedup)
VALUES
(?, ?)
