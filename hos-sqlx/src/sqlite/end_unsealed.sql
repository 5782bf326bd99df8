DELETE FROM hos_unsealed
WHERE scope IN (SELECT value ->> 0 FROM json_each(?))
    AND (SELECT max(size) FROM hos_checkpoint WHERE hos_checkpoint.scope = hos_unsealed.scope)
        = (SELECT size FROM hos_log_size WHERE hos_log_size.scope = hos_unsealed.scope)
