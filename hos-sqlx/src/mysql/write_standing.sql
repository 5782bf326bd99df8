CALL hos_write_standing(?, ?)
