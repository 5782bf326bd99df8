SELECT DISTINCT kind, contract
FROM hos_subject
WHERE terminal = 0 AND world = (
    SELECT number FROM hos_scope WHERE world = ? AND tenant = '@world'
)
ORDER BY kind, contract
