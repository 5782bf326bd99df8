SELECT CASE line.value ->> 0
    WHEN 'tile' THEN (SELECT hashes FROM hos_tile WHERE position = line.value ->> 1)
    WHEN 'roots' THEN (
        SELECT unhex(group_concat(hex(root), '' ORDER BY position)) FROM hos_tile
        WHERE position >= line.value ->> 1 AND position < line.value ->> 2
    )
    WHEN 'entries' THEN (
        SELECT unhex(group_concat(hex(leaf_hash), '' ORDER BY position)) FROM hos_entry
        WHERE position >= line.value ->> 1 AND position < line.value ->> 2
    )
    ELSE (
        SELECT unhex(group_concat(hex(leaf_hash), '' ORDER BY leaf_index)) FROM hos_deployment
        WHERE leaf_index >= line.value ->> 1 AND leaf_index < line.value ->> 2
    )
END
FROM json_each(?) AS line
ORDER BY line.key
