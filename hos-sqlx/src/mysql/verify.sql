SELECT
    line.place,
    CASE
        WHEN line.kind IS NOT NULL AND subject.number IS NULL THEN NEXTVAL(hos_subject_number)
        ELSE subject.number
    END,
    subject.proof_id, coalesce(subject.terminal, 0), coalesce(subject.timed, 0),
    receipt.fingerprint, receipt.receipt,
    hos_dedup.dedup IS NOT NULL
FROM json_table(?, '$[*]' COLUMNS (
    place FOR ORDINALITY, scope BIGINT PATH '$[0]', kind VARCHAR(32) PATH '$[1]',
    id VARCHAR(128) PATH '$[2]', `key` VARCHAR(510) PATH '$[3]', dedup CHAR(64) PATH '$[4]'
)) AS line
LEFT JOIN hos_subject AS subject
    ON subject.scope = line.scope AND subject.kind = CAST(line.kind AS BINARY)
    AND subject.id = CAST(line.id AS BINARY)
LEFT JOIN hos_receipt AS receipt
    ON receipt.scope = line.scope AND receipt.`key` = unhex(line.`key`)
LEFT JOIN hos_dedup ON hos_dedup.scope = line.scope AND hos_dedup.dedup = unhex(line.dedup)
FOR UPDATE
