DELETE FROM hos_unsealed
WHERE scope IN (
?
)
