-- What follows from a status, whoever or whatever moved it: the law writes the status, and these
-- happen in the same commit.

CREATE TRIGGER orders_cancelled AFTER UPDATE OF status ON orders
WHEN NEW.status = 'cancelled' AND OLD.status <> 'cancelled' BEGIN
    UPDATE listings SET stock = stock + NEW.quantity
    WHERE tenant = NEW.tenant AND id = NEW.listing;
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT tenant, id, amount, 'cancelled', CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    FROM payments
    WHERE tenant = NEW.tenant AND payable_kind = 'order' AND payable = NEW.id
        AND status = 'paid'
        AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.tenant = payments.tenant
            AND r.payment = payments.id);
END;

CREATE TRIGGER reservations_cancelled AFTER UPDATE OF status ON reservations
WHEN NEW.status = 'cancelled' AND OLD.status <> 'cancelled' BEGIN
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT tenant, id, amount, 'cancelled', CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    FROM payments
    WHERE tenant = NEW.tenant AND payable_kind = 'reservation' AND payable = NEW.id
        AND status = 'paid'
        AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.tenant = payments.tenant
            AND r.payment = payments.id);
END;

-- Money that arrives for what was closed meanwhile goes back.
CREATE TRIGGER payments_paid AFTER UPDATE OF status ON payments
WHEN NEW.status = 'paid' AND OLD.status <> 'paid' BEGIN
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT NEW.tenant, NEW.id, NEW.amount, 'closed',
        CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    WHERE (
        EXISTS (SELECT 1 FROM orders WHERE NEW.payable_kind = 'order'
            AND tenant = NEW.tenant AND id = NEW.payable AND status = 'cancelled')
        OR EXISTS (SELECT 1 FROM reservations WHERE NEW.payable_kind = 'reservation'
            AND tenant = NEW.tenant AND id = NEW.payable AND status = 'cancelled')
    ) AND NOT EXISTS (SELECT 1 FROM refunds AS r
        WHERE r.tenant = NEW.tenant AND r.payment = NEW.id);
END;

-- No two held or confirmed bookings of one listing overlap. Touching ranges do not overlap.
CREATE TRIGGER reservations_overlap BEFORE INSERT ON reservations BEGIN
    SELECT RAISE(ABORT, 'pazar:overlap')
    WHERE EXISTS (
        SELECT 1 FROM reservations AS other
        WHERE other.tenant = NEW.tenant AND other.listing = NEW.listing
            AND other.status IN ('pending', 'confirmed', 'checked_in')
            AND other.starts < NEW.ends AND other.ends > NEW.starts
    );
END;

-- What was agreed stays agreed.
CREATE TRIGGER reservations_fixed
BEFORE UPDATE OF tenant, id, listing, starts, ends, party_size ON reservations BEGIN
    SELECT RAISE(ABORT, 'pazar:fixed');
END;
