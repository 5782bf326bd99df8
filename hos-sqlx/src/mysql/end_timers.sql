DELETE FROM hos_timer
WHERE subject IN (
?
)
