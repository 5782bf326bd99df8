-- What follows from a status, whoever or whatever moved it: the law writes the status, and these
-- happen in the same commit. Whoever calls, they find these tables where they were made.

CREATE FUNCTION pazar_now() RETURNS BIGINT LANGUAGE sql VOLATILE
RETURN CAST(extract(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT);

-- Lists for refund what was paid for something.
CREATE FUNCTION pazar_owe(of_tenant TEXT, of_kind TEXT, of_payable TEXT) RETURNS VOID
LANGUAGE sql VOLATILE BEGIN ATOMIC
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT tenant, id, amount, 'cancelled', pazar_now()
    FROM payments
    WHERE tenant = of_tenant AND payable_kind = of_kind AND payable = of_payable
        AND status = 'paid'
    ON CONFLICT DO NOTHING;
END;

-- The pieces of an order that ends or owes its money back return to stock, once; what was paid is
-- listed for refund.
CREATE FUNCTION pazar_orders_undone() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE listings SET stock = stock + NEW.quantity
    WHERE tenant = NEW.tenant AND id = NEW.listing;
    PERFORM pazar_owe(NEW.tenant, 'order', NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_undone AFTER UPDATE OF status ON orders FOR EACH ROW
WHEN (NEW.status IN ('cancelled', 'refund_due') AND OLD.status IN ('pending', 'paid'))
EXECUTE FUNCTION pazar_orders_undone();

-- The order says that its money went back, so its refund says it too.
CREATE FUNCTION pazar_orders_refunded() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE refunds SET settled_at = pazar_now()
    WHERE tenant = NEW.tenant AND settled_at IS NULL AND reason = 'cancelled'
        AND payment IN (SELECT id FROM payments
            WHERE tenant = NEW.tenant AND payable_kind = 'order' AND payable = NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_refunded AFTER UPDATE OF status ON orders FOR EACH ROW
WHEN (NEW.status = 'refunded' AND OLD.status = 'refund_due')
EXECUTE FUNCTION pazar_orders_refunded();

CREATE FUNCTION pazar_reservations_cancelled() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pazar_owe(NEW.tenant, 'reservation', NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER reservations_cancelled AFTER UPDATE OF status ON reservations FOR EACH ROW
WHEN (NEW.status = 'cancelled' AND OLD.status <> 'cancelled')
EXECUTE FUNCTION pazar_reservations_cancelled();

-- Money that arrives for what was closed meanwhile goes back.
CREATE FUNCTION pazar_payments_paid() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT NEW.tenant, NEW.id, NEW.amount, 'closed', pazar_now()
    WHERE EXISTS (SELECT 1 FROM orders WHERE NEW.payable_kind = 'order'
            AND tenant = NEW.tenant AND id = NEW.payable
            AND status IN ('cancelled', 'refund_due', 'refunded'))
        OR EXISTS (SELECT 1 FROM reservations WHERE NEW.payable_kind = 'reservation'
            AND tenant = NEW.tenant AND id = NEW.payable AND status = 'cancelled')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER payments_paid AFTER UPDATE OF status ON payments FOR EACH ROW
WHEN (NEW.status = 'paid' AND OLD.status <> 'paid')
EXECUTE FUNCTION pazar_payments_paid();

-- No two held or confirmed bookings of one listing overlap. Touching ranges do not overlap. The
-- listing is held, so that bookings of it come one after another.
CREATE FUNCTION pazar_reservations_overlap() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM listings WHERE tenant = NEW.tenant AND id = NEW.listing FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM reservations AS other
        WHERE other.tenant = NEW.tenant AND other.listing = NEW.listing
            AND other.status IN ('pending', 'confirmed', 'checked_in')
            AND other.starts < NEW.ends AND other.ends > NEW.starts
    ) THEN
        RAISE EXCEPTION 'pazar:overlap';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER reservations_overlap BEFORE INSERT ON reservations FOR EACH ROW
EXECUTE FUNCTION pazar_reservations_overlap();

-- What was agreed stays agreed.
CREATE FUNCTION pazar_reservations_fixed() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    RAISE EXCEPTION 'pazar:fixed';
END
$$;
CREATE TRIGGER reservations_fixed
BEFORE UPDATE OF tenant, id, listing, starts, ends, party_size ON reservations FOR EACH ROW
EXECUTE FUNCTION pazar_reservations_fixed();
