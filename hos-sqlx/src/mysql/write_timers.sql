INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
VALUES
(?, ?, ?, ?, ?, ?)
