INSERT INTO hos_log (scope, size, frontier)
VALUES
(?, ?, ?)
ON DUPLICATE KEY UPDATE size = VALUE(size), frontier = VALUE(frontier)
