INSERT INTO hos_outbox (id, slot, scope, subject, revision, entry, topic, payload, traceparent)
VALUES
(NEXTVAL(hos_outbox_id), (SELECT slot FROM hos_outbox_slot), ?, ?, ?, ?, ?, ?, ?)
