SELECT hos_scope.number
FROM json_each(?) AS line
LEFT JOIN hos_scope
    ON hos_scope.world = line.value ->> 0 AND hos_scope.tenant = line.value ->> 1
ORDER BY line.key
