UPDATE hos_schema_lock SET owner = NULL, expires_at = NULL WHERE one = 1 AND owner = ?
