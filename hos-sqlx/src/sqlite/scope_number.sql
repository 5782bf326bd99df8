SELECT number FROM hos_scope WHERE world = ? AND tenant = ?
