SELECT 1, number, proof_id, terminal, timed FROM hos_subject FORCE INDEX (PRIMARY)
WHERE number IN ({numbers})
FOR UPDATE
