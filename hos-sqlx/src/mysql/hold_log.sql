SELECT size FROM hos_log WHERE scope = ? FOR UPDATE
