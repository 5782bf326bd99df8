-- More is known of a session than before. Those that were open are over: sign in once more.
DROP TABLE sessions;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    -- All tokens that one sign-in led to.
    family TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    -- When this token was made.
    created_at INTEGER NOT NULL,
    -- When it was last used, about.
    seen_at INTEGER NOT NULL,
    -- When another took its place.
    replaced_at INTEGER,
    -- When the whole family is over.
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_family ON sessions (family);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
