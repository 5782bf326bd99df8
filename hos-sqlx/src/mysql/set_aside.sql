INSERT IGNORE INTO hos_quarantine (entry, scope, number)
VALUES
(?, ?, ?)
