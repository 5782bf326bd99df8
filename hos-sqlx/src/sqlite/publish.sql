INSERT INTO hos_checkpoint (scope, size, note, sealed_at)
SELECT line.value ->> 0, line.value ->> 2, line.value ->> 3, line.value ->> 4
FROM json_each(?) AS line
WHERE line.value ->> 1 = coalesce(
        (SELECT max(size) FROM hos_checkpoint WHERE scope = line.value ->> 0), 0
    )
    AND line.value ->> 2 > line.value ->> 1
    AND line.value ->> 2 <= (SELECT size FROM hos_log_size WHERE scope = line.value ->> 0)
RETURNING scope
