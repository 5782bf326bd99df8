SELECT kind, version, digest FROM hos_contract WHERE world = ? ORDER BY number
