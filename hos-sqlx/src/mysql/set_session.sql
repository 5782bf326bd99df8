SET SESSION innodb_lock_wait_timeout = ?, SESSION lock_wait_timeout = ?,
    SESSION group_concat_max_len = 1073741824, SESSION in_predicate_conversion_threshold = 0,
    @hos_sweeps = 1
