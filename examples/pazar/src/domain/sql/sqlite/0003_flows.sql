-- Refunds as states of an order, ways to pay, categories, cancellation policies, pictures.

-- A CHECK cannot be altered, so the table of orders is made anew. The law's guards go with the old
-- one; each start puts them on again.
DROP TRIGGER orders_cancelled;
DROP TRIGGER payments_paid;
DROP TRIGGER IF EXISTS hos_guard_orders_status_opened;
DROP TRIGGER IF EXISTS hos_guard_orders_status_moved;

CREATE TABLE orders_anew (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES users (id),
    listing TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    total INTEGER NOT NULL CHECK (total >= 1),
    method TEXT NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'refund_due', 'refunded', 'cancelled')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) STRICT;
INSERT INTO orders_anew (tenant, id, customer, listing, quantity, total, status, created_at)
SELECT tenant, id, customer, listing, quantity, total, status, created_at
FROM orders ORDER BY rowid;
DROP TABLE orders;
ALTER TABLE orders_anew RENAME TO orders;
CREATE INDEX orders_of_customer ON orders (customer, created_at);

ALTER TABLE reservations ADD COLUMN method TEXT NOT NULL DEFAULT 'online'
    CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer'));
-- Until when its customer may cancel; none for a booking that always may be cancelled.
ALTER TABLE reservations ADD COLUMN free_until INTEGER;
ALTER TABLE payments ADD COLUMN method TEXT NOT NULL DEFAULT 'online'
    CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer'));
ALTER TABLE refunds ADD COLUMN settled_at INTEGER;

ALTER TABLE listings ADD COLUMN category TEXT NOT NULL DEFAULT 'product'
    CHECK (category IN ('product', 'vehicle', 'real_estate', 'lodging', 'service', 'food'));
ALTER TABLE listings ADD COLUMN cancellation TEXT NOT NULL DEFAULT 'flexible'
    CHECK (cancellation IN ('flexible', 'moderate', 'strict'));
-- What a search looks at: title and description in plain small letters, as `fold` writes them.
ALTER TABLE listings ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE listings SET category = 'lodging' WHERE flow = 'booking';
UPDATE listings SET folded = lower(
    replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(
        title || char(10) || description,
    'İ', 'i'), 'ı', 'i'), 'Ş', 's'), 'ş', 's'), 'Ğ', 'g'), 'ğ', 'g'),
    'Ü', 'u'), 'ü', 'u'), 'Ö', 'o'), 'ö', 'o'), 'Ç', 'c'), 'ç', 'c'));
CREATE INDEX listings_published ON listings (status, category);

CREATE TABLE pictures (
    tenant TEXT NOT NULL,
    listing TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 5),
    media_type TEXT NOT NULL
        CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (tenant, listing, position),
    UNIQUE (tenant, listing, digest),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) STRICT;

-- The pieces of an order that ends or owes its money back return to stock, once; what was paid is
-- listed for refund.
CREATE TRIGGER orders_undone AFTER UPDATE OF status ON orders
WHEN NEW.status IN ('cancelled', 'refund_due') AND OLD.status IN ('pending', 'paid') BEGIN
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

-- The order says that its money went back, so its refund says it too.
CREATE TRIGGER orders_refunded AFTER UPDATE OF status ON orders
WHEN NEW.status = 'refunded' AND OLD.status = 'refund_due' BEGIN
    UPDATE refunds SET settled_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    WHERE tenant = NEW.tenant AND settled_at IS NULL AND reason = 'cancelled'
        AND payment IN (SELECT id FROM payments
            WHERE tenant = NEW.tenant AND payable_kind = 'order' AND payable = NEW.id);
END;

-- Money that arrives for what was closed meanwhile goes back.
CREATE TRIGGER payments_paid AFTER UPDATE OF status ON payments
WHEN NEW.status = 'paid' AND OLD.status <> 'paid' BEGIN
    INSERT INTO refunds (tenant, payment, amount, reason, created_at)
    SELECT NEW.tenant, NEW.id, NEW.amount, 'closed',
        CAST(unixepoch('subsec') * 1000000 AS INTEGER)
    WHERE (
        EXISTS (SELECT 1 FROM orders WHERE NEW.payable_kind = 'order'
            AND tenant = NEW.tenant AND id = NEW.payable
            AND status IN ('cancelled', 'refund_due', 'refunded'))
        OR EXISTS (SELECT 1 FROM reservations WHERE NEW.payable_kind = 'reservation'
            AND tenant = NEW.tenant AND id = NEW.payable AND status = 'cancelled')
    ) AND NOT EXISTS (SELECT 1 FROM refunds AS r
        WHERE r.tenant = NEW.tenant AND r.payment = NEW.id);
END;
