DELETE FROM hos_unsealed
WHERE scope = ?1
    AND (SELECT max(size) FROM hos_checkpoint WHERE scope = ?1)
        = (SELECT size FROM hos_log_size WHERE scope = ?1)
