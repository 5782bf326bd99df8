INSERT INTO hos_timer (subject, action, scope, revision, due_at)
VALUES
(?, ?, ?, ?, ?)
