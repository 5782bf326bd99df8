INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
VALUES
(?, ?, ?, ?)
