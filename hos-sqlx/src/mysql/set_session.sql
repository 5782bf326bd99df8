SET SESSION innodb_lock_wait_timeout = ?, SESSION lock_wait_timeout = ?,
    SESSION max_statement_time = ?,
    SESSION sql_mode = 'STRICT_TRANS_TABLES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION',
    SESSION group_concat_max_len = 1073741824, SESSION in_predicate_conversion_threshold = 0,
    @hos_sweeps = 1
