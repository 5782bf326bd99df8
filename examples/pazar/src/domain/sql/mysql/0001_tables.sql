-- The marketplace's own rows, beside the law's in the same database. A status here is a copy that
-- the law writes: the store's guard refuses every other hand. Texts compare and sort by their code
-- points. Truth is 0 or 1, a time is microseconds since 1970, money is kurus.
--
-- Every statement commits by itself here, so each may be done again after half of them were.

CREATE TABLE IF NOT EXISTS users (
    id VARCHAR(191) PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    name VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    token_hash VARBINARY(32) PRIMARY KEY,
    -- All tokens that one sign-in led to.
    family VARCHAR(191) NOT NULL,
    user_id VARCHAR(191) NOT NULL,
    -- When this token was made.
    created_at BIGINT NOT NULL,
    -- When it was last used, about.
    seen_at BIGINT NOT NULL,
    -- When another took its place.
    replaced_at BIGINT,
    -- When the whole family is over.
    expires_at BIGINT NOT NULL,
    INDEX sessions_of_family (family),
    INDEX sessions_of_user (user_id),
    INDEX sessions_by_end (expires_at),
    FOREIGN KEY (user_id) REFERENCES users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tenants (
    id VARCHAR(191) PRIMARY KEY,
    name VARCHAR(191) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS listings (
    tenant VARCHAR(191) NOT NULL,
    id VARCHAR(191) NOT NULL,
    flow VARCHAR(191) NOT NULL CHECK (flow IN ('sale', 'booking')),
    category VARCHAR(191) NOT NULL DEFAULT 'product' CHECK (
        category IN ('product', 'vehicle', 'real_estate', 'lodging', 'service', 'food')
    ),
    title VARCHAR(191) NOT NULL,
    description TEXT NOT NULL,
    -- What a search looks at: title and description in plain small letters.
    folded TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 1),
    stock BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0),
    capacity BIGINT NOT NULL DEFAULT 0 CHECK (capacity >= 0),
    unit VARCHAR(191) NOT NULL DEFAULT 'piece' CHECK (unit IN ('piece', 'hour', 'day')),
    instant BIGINT NOT NULL DEFAULT 0 CHECK (instant IN (0, 1)),
    cancellation VARCHAR(191) NOT NULL DEFAULT 'flexible'
        CHECK (cancellation IN ('flexible', 'moderate', 'strict')),
    status VARCHAR(191) NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'published', 'paused', 'archived')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    INDEX listings_published (status, category),
    FOREIGN KEY (tenant) REFERENCES tenants (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS orders (
    tenant VARCHAR(191) NOT NULL,
    id VARCHAR(191) NOT NULL,
    customer VARCHAR(191) NOT NULL,
    listing VARCHAR(191) NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 1),
    total BIGINT NOT NULL CHECK (total >= 1),
    method VARCHAR(191) NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    status VARCHAR(191) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'refund_due', 'refunded', 'cancelled')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    INDEX orders_of_customer (customer, created_at),
    FOREIGN KEY (customer) REFERENCES users (id),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS reservations (
    tenant VARCHAR(191) NOT NULL,
    id VARCHAR(191) NOT NULL,
    customer VARCHAR(191) NOT NULL,
    listing VARCHAR(191) NOT NULL,
    party_size BIGINT NOT NULL CHECK (party_size >= 1),
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    -- Until when its customer may cancel; none for a booking that always may be cancelled.
    free_until BIGINT,
    total BIGINT NOT NULL CHECK (total >= 1),
    method VARCHAR(191) NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    status VARCHAR(191) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'confirmed', 'checked_in', 'completed', 'cancelled')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    CHECK (starts < ends),
    INDEX reservations_of_customer (customer, created_at),
    INDEX reservations_of_listing (tenant, listing, starts),
    FOREIGN KEY (customer) REFERENCES users (id),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS payments (
    tenant VARCHAR(191) NOT NULL,
    id VARCHAR(191) NOT NULL,
    customer VARCHAR(191) NOT NULL,
    payable_kind VARCHAR(191) NOT NULL CHECK (payable_kind IN ('order', 'reservation')),
    payable VARCHAR(191) NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 1),
    method VARCHAR(191) NOT NULL DEFAULT 'online'
        CHECK (method IN ('online', 'cash_on_delivery', 'bank_transfer')),
    provider VARCHAR(191) NOT NULL,
    reference VARCHAR(191) NOT NULL,
    status VARCHAR(191) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'failed', 'cancelled')),
    created_at BIGINT NOT NULL,
    -- One payable is paid for once: null is unlike any other null.
    live BIGINT AS (CASE WHEN status IN ('pending', 'paid') THEN 1 END) VIRTUAL,
    PRIMARY KEY (tenant, id),
    UNIQUE (provider, reference),
    UNIQUE payments_live (tenant, payable_kind, payable, live),
    FOREIGN KEY (customer) REFERENCES users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refunds (
    tenant VARCHAR(191) NOT NULL,
    payment VARCHAR(191) NOT NULL,
    amount BIGINT NOT NULL,
    reason VARCHAR(191) NOT NULL CHECK (reason IN ('cancelled', 'closed', 'late_payment')),
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (tenant, payment),
    FOREIGN KEY (tenant, payment) REFERENCES payments (tenant, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS webhook_events (
    provider VARCHAR(191) NOT NULL,
    event_id VARCHAR(191) NOT NULL,
    body_digest VARBINARY(32) NOT NULL,
    outcome VARCHAR(191) NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (provider, event_id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS pictures (
    tenant VARCHAR(191) NOT NULL,
    listing VARCHAR(191) NOT NULL,
    position BIGINT NOT NULL CHECK (position BETWEEN 0 AND 5),
    media_type VARCHAR(191) NOT NULL
        CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
    digest VARBINARY(32) NOT NULL CHECK (length(digest) = 32),
    bytes MEDIUMBLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576),
    PRIMARY KEY (tenant, listing, position),
    UNIQUE (tenant, listing, digest),
    FOREIGN KEY (tenant, listing) REFERENCES listings (tenant, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which demo data was laid down.
CREATE TABLE IF NOT EXISTS pazar_seed (version BIGINT PRIMARY KEY);
