SELECT log_size, log_frontier FROM hos_scope WHERE world = ? AND tenant = ?
