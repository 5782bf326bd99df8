-- What lists read, in their order; the law's filter narrows it down row by row.

CREATE INDEX orders_by_customer ON orders (customer, created_at, id, tenant);
DROP INDEX orders_of_customer;
CREATE INDEX reservations_by_customer ON reservations (customer, created_at, id, tenant);
DROP INDEX reservations_of_customer;
CREATE INDEX orders_of_tenant ON orders (tenant, created_at, id);
CREATE INDEX reservations_of_tenant ON reservations (tenant, created_at, id);
CREATE INDEX payments_of_tenant ON payments (tenant, created_at, id);
CREATE INDEX refunds_of_tenant ON refunds (tenant, created_at, payment);
CREATE INDEX listings_of_tenant ON listings (tenant, created_at, id);
CREATE INDEX payments_of_payable ON payments (tenant, payable_kind, payable, created_at, id);
