UPDATE hos_schema_lock SET owner = ?, expires_at = utc_timestamp(6) + INTERVAL 60 SECOND
WHERE one = 1 AND (owner IS NULL OR expires_at < utc_timestamp(6))
