DELETE FROM hos_receipt WHERE expires_at <= ? ORDER BY expires_at LIMIT ?
