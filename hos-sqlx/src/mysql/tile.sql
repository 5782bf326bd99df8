SELECT hashes FROM hos_tile WHERE scope = ? AND level = ? AND place = ?
