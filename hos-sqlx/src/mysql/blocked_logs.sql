SELECT line.scope
FROM json_table(?, '$[*]' COLUMNS (scope BIGINT PATH '$')) AS line
LEFT JOIN hos_log ON hos_log.scope = line.scope
WHERE
    EXISTS (
        SELECT 1 FROM hos_leaf
        WHERE
            hos_leaf.scope = line.scope AND hos_leaf.leaf_index >= coalesce(hos_log.size, 0)
    )
    OR EXISTS (
        SELECT 1 FROM hos_pending
        STRAIGHT_JOIN hos_leaf ON hos_leaf.entry = hos_pending.entry
        WHERE hos_pending.scope = line.scope
    )
