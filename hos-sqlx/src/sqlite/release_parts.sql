DELETE FROM hos_part WHERE entry IN (
    SELECT position FROM hos_entry WHERE position >= ?1 AND position < ?2
    ORDER BY position LIMIT ?3
)
