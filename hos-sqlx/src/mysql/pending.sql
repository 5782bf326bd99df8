SELECT
    hos_pending.number, hos_pending.scope, hos_pending.entry, hos_entry.leaf_hash, hos_entry.leaf
FROM hos_pending
LEFT JOIN hos_entry ON hos_entry.id = hos_pending.entry
WHERE NOT json_contains(?, hos_pending.scope)
ORDER BY hos_pending.number
LIMIT ?
