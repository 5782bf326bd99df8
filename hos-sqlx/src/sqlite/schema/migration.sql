-- One row inserted here is one subject of a migration: of UPDATE with many rows the planner would
-- read every subject there is.
CREATE VIEW hos_repin (number, state, attributes, contract, proof_id, position) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER hos_repin_insert INSTEAD OF INSERT ON hos_repin BEGIN
    UPDATE hos_subject SET
        state = NEW.state, attributes = NEW.attributes, contract = NEW.contract,
        proof_id = NEW.proof_id, position = NEW.position
    WHERE number = NEW.number;
END;
