SELECT version, digest, deployment FROM hos_law WHERE world = ? ORDER BY number
