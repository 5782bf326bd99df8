SELECT 1, hos_subject.number, proof_id, terminal, timed
FROM json_table('[{numbers}]', '$[*]' COLUMNS (number BIGINT PATH '$')) AS line
STRAIGHT_JOIN hos_subject FORCE INDEX (PRIMARY) ON hos_subject.number = line.number
FOR UPDATE
