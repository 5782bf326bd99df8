-- The marketplace's own rows, beside the law's in the same file. A status here is a copy that the
-- law writes: `SqliteStore::guard` refuses every other hand.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE listings (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL,
    flow TEXT NOT NULL CHECK (flow IN ('sale', 'booking')),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 1),
    stock INTEGER NOT NULL DEFAULT 0 CHECK (stock >= 0),
    capacity INTEGER NOT NULL DEFAULT 0 CHECK (capacity >= 0),
    unit TEXT NOT NULL DEFAULT 'piece' CHECK (unit IN ('piece', 'hour', 'day')),
    instant INTEGER NOT NULL DEFAULT 0 CHECK (instant IN (0, 1)),
    status TEXT NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'published', 'paused', 'archived')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE orders (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES users (id),
    listing TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    total INTEGER NOT NULL CHECK (total >= 1),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paid', 'cancelled')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) STRICT;
CREATE INDEX orders_of_customer ON orders (customer, created_at);

CREATE TABLE reservations (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES users (id),
    listing TEXT NOT NULL,
    party_size INTEGER NOT NULL CHECK (party_size >= 1),
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    total INTEGER NOT NULL CHECK (total >= 1),
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'confirmed', 'checked_in', 'completed', 'cancelled')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (starts < ends),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) STRICT;
CREATE INDEX reservations_of_customer ON reservations (customer, created_at);
CREATE INDEX reservations_of_listing ON reservations (tenant, listing, starts);

CREATE TABLE payments (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES users (id),
    payable_kind TEXT NOT NULL CHECK (payable_kind IN ('order', 'reservation')),
    payable TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 1),
    provider TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'failed', 'cancelled')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (provider, reference)
) STRICT;
-- One payable is paid for once.
CREATE UNIQUE INDEX payments_live ON payments (tenant, payable_kind, payable)
    WHERE status IN ('pending', 'paid');

CREATE TABLE refunds (
    tenant TEXT NOT NULL,
    payment TEXT NOT NULL,
    amount INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('cancelled', 'closed', 'late_payment')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, payment),
    FOREIGN KEY (tenant, payment) REFERENCES payments (tenant, id)
) STRICT;

CREATE TABLE webhook_events (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    body_digest BLOB NOT NULL,
    outcome TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (provider, event_id)
) STRICT;

-- Which demo data was laid down.
CREATE TABLE pazar_seed (version INTEGER PRIMARY KEY) STRICT;
