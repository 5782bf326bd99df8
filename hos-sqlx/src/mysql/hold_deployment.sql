SELECT leaf_index FROM hos_deployment WHERE leaf_index = 0 FOR UPDATE
