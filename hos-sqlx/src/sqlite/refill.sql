INSERT INTO hos_part (entry, name, salt, body)
SELECT
    (?1 >> 40 << 40) + (line.value ->> 0), part.value ->> 0, unhex(part.value ->> 1),
    part.value ->> 2
FROM json_each(?3) AS line
CROSS JOIN json_each(line.value, '$[10]') AS part
WHERE (?1 >> 40 << 40) + (line.value ->> 0) NOT IN (
    SELECT position FROM hos_entry WHERE position >= ?1 AND position < ?2
);
INSERT INTO hos_entry (
    position, id, type, subject, revision, moves, recorded_at, leaf, leaf_hash
)
SELECT
    (?1 >> 40 << 40) + (line.value ->> 0), unhex(line.value ->> 1), line.value ->> 2,
    (
        SELECT number FROM hos_subject
        WHERE scope = ?1 >> 40 AND kind = line.value ->> 3 AND id = line.value ->> 4
    ),
    line.value ->> 5, line.value ->> 6, line.value ->> 7, line.value ->> 8,
    unhex(line.value ->> 9)
FROM json_each(?3) AS line
WHERE (?1 >> 40 << 40) + (line.value ->> 0) NOT IN (
    SELECT position FROM hos_entry WHERE position >= ?1 AND position < ?2
)
