-- The marketplace's own rows, beside the law's in the same database. A status here is a copy that
-- the law writes: the store's guard refuses every other hand. Texts compare and sort by their
-- bytes, as everywhere else. Truth is 0 or 1, a time is microseconds since 1970, money is kurus.

CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL
);

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    -- All tokens that one sign-in led to.
    family TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    -- When this token was made.
    created_at BIGINT NOT NULL,
    -- When it was last used, about.
    seen_at BIGINT NOT NULL,
    -- When another took its place.
    replaced_at BIGINT,
    -- When the whole family is over.
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_family ON sessions (family);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE tenants (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL
);

CREATE TABLE listings (
    tenant TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id TEXT COLLATE "C" NOT NULL,
    flow TEXT COLLATE "C" NOT NULL CHECK (flow IN ('sale', 'booking')),
    category TEXT COLLATE "C" NOT NULL DEFAULT 'product' CHECK (
        category IN ('product', 'vehicle', 'real_estate', 'lodging', 'service', 'food')
    ),
    title TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    -- What a search looks at: title and description in plain small letters.
    folded TEXT COLLATE "C" NOT NULL DEFAULT '',
    price BIGINT NOT NULL CHECK (price >= 1),
    stock BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0),
    capacity BIGINT NOT NULL DEFAULT 0 CHECK (capacity >= 0),
    unit TEXT COLLATE "C" NOT NULL DEFAULT 'piece' CHECK (unit IN ('piece', 'hour', 'day')),
    instant BIGINT NOT NULL DEFAULT 0 CHECK (instant IN (0, 1)),
    cancellation TEXT COLLATE "C" NOT NULL DEFAULT 'flexible'
        CHECK (cancellation IN ('flexible', 'moderate', 'strict')),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'published', 'paused', 'archived')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX listings_published ON listings (status, category);

CREATE TABLE orders (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    listing TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 1),
    total BIGINT NOT NULL CHECK (total >= 1),
    method TEXT COLLATE "C" NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'refund_due', 'refunded', 'cancelled')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
);
CREATE INDEX orders_of_customer ON orders (customer, created_at);

CREATE TABLE reservations (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    listing TEXT COLLATE "C" NOT NULL,
    party_size BIGINT NOT NULL CHECK (party_size >= 1),
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    -- Until when its customer may cancel; none for a booking that always may be cancelled.
    free_until BIGINT,
    total BIGINT NOT NULL CHECK (total >= 1),
    method TEXT COLLATE "C" NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'confirmed', 'checked_in', 'completed', 'cancelled')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (starts < ends),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
);
CREATE INDEX reservations_of_customer ON reservations (customer, created_at);
CREATE INDEX reservations_of_listing ON reservations (tenant, listing, starts);

CREATE TABLE payments (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    payable_kind TEXT COLLATE "C" NOT NULL CHECK (payable_kind IN ('order', 'reservation')),
    payable TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 1),
    method TEXT COLLATE "C" NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    provider TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'failed', 'cancelled')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (provider, reference)
);
-- One payable is paid for once.
CREATE UNIQUE INDEX payments_live ON payments (tenant, payable_kind, payable)
    WHERE status IN ('pending', 'paid');

CREATE TABLE refunds (
    tenant TEXT COLLATE "C" NOT NULL,
    payment TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL CHECK (reason IN ('cancelled', 'closed', 'late_payment')),
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (tenant, payment),
    FOREIGN KEY (tenant, payment) REFERENCES payments (tenant, id)
);

CREATE TABLE webhook_events (
    provider TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    body_digest BYTEA NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (provider, event_id)
);

CREATE TABLE pictures (
    tenant TEXT COLLATE "C" NOT NULL,
    listing TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL CHECK (position BETWEEN 0 AND 5),
    media_type TEXT COLLATE "C" NOT NULL
        CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    bytes BYTEA NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (tenant, listing, position),
    UNIQUE (tenant, listing, digest),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
);

-- Which demo data was laid down.
CREATE TABLE pazar_seed (version BIGINT PRIMARY KEY);
