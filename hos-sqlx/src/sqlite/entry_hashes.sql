SELECT leaf_hash FROM hos_entry WHERE position >= ? AND position < ? ORDER BY position
