DELETE FROM hos_entry WHERE position IN (
    SELECT position FROM hos_entry WHERE position >= ?1 AND position < ?2
    ORDER BY position LIMIT ?3
)
