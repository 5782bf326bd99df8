START TRANSACTION;
SET @hos_first_proof = x'{first}', @hos_last_proof = x'{last}', @hos_proofs = NULL;
