UPDATE hos_part SET salt = zeroblob(32), body = ?4
WHERE body NOT LIKE '-%' AND (entry, name) IN (
    SELECT hos_entry.position, gone.value ->> 1
    FROM json_each(?3) AS gone
    CROSS JOIN hos_scope ON hos_scope.world = ?1 AND hos_scope.tenant = ?2
    CROSS JOIN hos_entry
        ON hos_entry.id = unhex(gone.value ->> 0) AND hos_entry.scope = hos_scope.number
)
