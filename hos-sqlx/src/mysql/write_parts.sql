INSERT INTO hos_part (entry, scope, name, salt, body)
VALUES
(?, ?, ?, ?, ?)
