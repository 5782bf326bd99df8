SELECT 1 - hos_outbox_slot.slot, count(hos_outbox.id)
FROM hos_outbox_slot
LEFT JOIN hos_outbox ON hos_outbox.slot = 1 - hos_outbox_slot.slot
