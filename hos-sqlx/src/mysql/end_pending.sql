DELETE FROM hos_pending
WHERE number IN (
?
)
