-- What lists read, in their order; the law's filter narrows it down row by row.

CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer, created_at, id, tenant);
DROP INDEX IF EXISTS orders_of_customer ON orders;
CREATE INDEX IF NOT EXISTS reservations_by_customer ON reservations (customer, created_at, id, tenant);
DROP INDEX IF EXISTS reservations_of_customer ON reservations;
CREATE INDEX IF NOT EXISTS orders_of_tenant ON orders (tenant, created_at, id);
CREATE INDEX IF NOT EXISTS reservations_of_tenant ON reservations (tenant, created_at, id);
CREATE INDEX IF NOT EXISTS payments_of_tenant ON payments (tenant, created_at, id);
CREATE INDEX IF NOT EXISTS refunds_of_tenant ON refunds (tenant, created_at, payment);
CREATE INDEX IF NOT EXISTS listings_of_tenant ON listings (tenant, created_at, id);
