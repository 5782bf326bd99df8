INSERT IGNORE INTO hos_log (scope, size, frontier)
VALUES
(?, 0, '')
