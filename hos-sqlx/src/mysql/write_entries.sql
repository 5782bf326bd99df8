INSERT INTO hos_entry (id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf)
VALUES
(?, ?, ?, ?, ?, ?, ?, ?, ?)
