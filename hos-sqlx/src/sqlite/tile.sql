SELECT hashes FROM hos_tile WHERE position = ?
