DELETE FROM hos_outbox
WHERE id IN (
?
)
