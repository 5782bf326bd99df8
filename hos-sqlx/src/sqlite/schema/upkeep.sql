-- Pins are counted, and timers of earlier revisions end, with the state itself.
CREATE TRIGGER hos_subject_opened AFTER INSERT ON hos_subject WHEN NEW.terminal = 0 BEGIN
    INSERT INTO hos_pin (scope, kind, contract, live)
    VALUES (NEW.scope, NEW.kind, NEW.contract, 1)
    ON CONFLICT (scope, kind, contract) DO UPDATE SET live = live + 1;
    INSERT INTO hos_live (scope, kind, contract, id, subject)
    VALUES (NEW.scope, NEW.kind, NEW.contract, NEW.id, NEW.number);
END;

CREATE TRIGGER hos_subject_moved AFTER UPDATE ON hos_subject BEGIN
    DELETE FROM hos_timer WHERE subject = NEW.number;
END;

CREATE TRIGGER hos_subject_ended AFTER UPDATE ON hos_subject
WHEN NEW.terminal = 1 OR NEW.contract <> OLD.contract BEGIN
    UPDATE hos_pin SET live = live - 1
    WHERE scope = OLD.scope AND kind = OLD.kind AND contract = OLD.contract;
    INSERT INTO hos_pin (scope, kind, contract, live)
    SELECT NEW.scope, NEW.kind, NEW.contract, 1 WHERE NEW.terminal = 0
    ON CONFLICT (scope, kind, contract) DO UPDATE SET live = live + 1;
    DELETE FROM hos_live
    WHERE scope = OLD.scope AND kind = OLD.kind AND contract = OLD.contract AND id = OLD.id;
    INSERT INTO hos_live (scope, kind, contract, id, subject)
    SELECT NEW.scope, NEW.kind, NEW.contract, NEW.id, NEW.number WHERE NEW.terminal = 0;
END;
