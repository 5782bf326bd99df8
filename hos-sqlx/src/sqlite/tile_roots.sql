SELECT root FROM hos_tile WHERE position >= ? AND position < ? ORDER BY position
