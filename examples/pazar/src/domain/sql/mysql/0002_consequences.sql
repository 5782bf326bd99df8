-- What follows from a status, whoever or whatever moved it: the law writes the status, and these
-- happen in the same commit.

-- The pieces of an order that ends or owes its money back return to stock, once; what was paid is
-- listed for refund.
DROP TRIGGER IF EXISTS orders_undone;
CREATE TRIGGER orders_undone AFTER UPDATE ON orders FOR EACH ROW
BEGIN
    IF NEW.status IN ('cancelled', 'refund_due') AND OLD.status IN ('pending', 'paid') THEN
        UPDATE listings SET stock = stock + NEW.quantity
        WHERE tenant = NEW.tenant AND id = NEW.listing;
        INSERT INTO refunds (tenant, payment, amount, reason, created_at)
        SELECT tenant, id, amount, 'cancelled',
            TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))
        FROM payments
        WHERE tenant = NEW.tenant AND payable_kind = 'order' AND payable = NEW.id
            AND status = 'paid'
            AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.tenant = payments.tenant
                AND r.payment = payments.id);
    END IF;
END;

-- The order says that its money went back, so its refund says it too.
DROP TRIGGER IF EXISTS orders_refunded;
CREATE TRIGGER orders_refunded AFTER UPDATE ON orders FOR EACH ROW
BEGIN
    IF NEW.status = 'refunded' AND OLD.status = 'refund_due' THEN
        UPDATE refunds
        SET settled_at = TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))
        WHERE tenant = NEW.tenant AND settled_at IS NULL AND reason = 'cancelled'
            AND payment IN (SELECT id FROM payments
                WHERE tenant = NEW.tenant AND payable_kind = 'order' AND payable = NEW.id);
    END IF;
END;

DROP TRIGGER IF EXISTS reservations_cancelled;
CREATE TRIGGER reservations_cancelled AFTER UPDATE ON reservations FOR EACH ROW
BEGIN
    IF NEW.status = 'cancelled' AND OLD.status <> 'cancelled' THEN
        INSERT INTO refunds (tenant, payment, amount, reason, created_at)
        SELECT tenant, id, amount, 'cancelled',
            TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))
        FROM payments
        WHERE tenant = NEW.tenant AND payable_kind = 'reservation' AND payable = NEW.id
            AND status = 'paid'
            AND NOT EXISTS (SELECT 1 FROM refunds AS r WHERE r.tenant = payments.tenant
                AND r.payment = payments.id);
    END IF;
END;

-- Money that arrives for what was closed meanwhile goes back.
DROP TRIGGER IF EXISTS payments_paid;
CREATE TRIGGER payments_paid AFTER UPDATE ON payments FOR EACH ROW
BEGIN
    IF NEW.status = 'paid' AND OLD.status <> 'paid' AND (
        EXISTS (SELECT 1 FROM orders WHERE NEW.payable_kind = 'order'
            AND tenant = NEW.tenant AND id = NEW.payable
            AND status IN ('cancelled', 'refund_due', 'refunded'))
        OR EXISTS (SELECT 1 FROM reservations WHERE NEW.payable_kind = 'reservation'
            AND tenant = NEW.tenant AND id = NEW.payable AND status = 'cancelled')
    ) AND NOT EXISTS (SELECT 1 FROM refunds WHERE tenant = NEW.tenant AND payment = NEW.id) THEN
        INSERT INTO refunds (tenant, payment, amount, reason, created_at)
        VALUES (NEW.tenant, NEW.id, NEW.amount, 'closed',
            TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)));
    END IF;
END;

-- No two held or confirmed bookings of one listing overlap. Touching ranges do not overlap. The
-- listing is held, so that bookings of it come one after another.
DROP TRIGGER IF EXISTS reservations_overlap;
CREATE TRIGGER reservations_overlap BEFORE INSERT ON reservations FOR EACH ROW
BEGIN
    DECLARE held VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    SELECT id INTO held FROM listings
    WHERE tenant = NEW.tenant AND id = NEW.listing FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM reservations AS other
        WHERE other.tenant = NEW.tenant AND other.listing = NEW.listing
            AND other.status IN ('pending', 'confirmed', 'checked_in')
            AND other.starts < NEW.ends AND other.ends > NEW.starts
    ) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'pazar:overlap';
    END IF;
END;

-- What was agreed stays agreed.
DROP TRIGGER IF EXISTS reservations_fixed;
CREATE TRIGGER reservations_fixed BEFORE UPDATE ON reservations FOR EACH ROW
BEGIN
    IF NEW.tenant <> OLD.tenant OR NEW.id <> OLD.id OR NEW.listing <> OLD.listing
        OR NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends
        OR NEW.party_size <> OLD.party_size THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'pazar:fixed';
    END IF;
END;
