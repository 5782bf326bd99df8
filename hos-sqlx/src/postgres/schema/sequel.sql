-- What hangs on steps: the parts of their entries, messages and timers, each as a JSON array.
CREATE FUNCTION hos_write_sequels(
    own bigint[], above bigint[], subjects bigint[], revisions bigint[], entries uuid[],
    parts text[], outboxes text[], timers text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    IF array_remove(parts, NULL) <> '{}' THEN
        INSERT INTO hos_part (entry, scope, name, salt, body)
        SELECT step.entry, step.own, part ->> 0, decode(part ->> 1, 'hex'), part ->> 2
        FROM unnest(own, entries, parts) AS step (own, entry, parts)
        CROSS JOIN LATERAL json_array_elements(step.parts::json) AS part;
    END IF;
    IF array_remove(outboxes, NULL) <> '{}' THEN
        INSERT INTO hos_outbox (
            slot, scope, subject, revision, entry, topic, payload, traceparent
        )
        SELECT
            hos_outbox_slot.slot, step.own, step.subject, step.revision, (message ->> 0)::uuid,
            message ->> 1, message ->> 2, message ->> 3
        FROM unnest(own, subjects, revisions, outboxes) WITH ORDINALITY
            AS step (own, subject, revision, outbox, place)
        CROSS JOIN LATERAL json_array_elements(step.outbox::json) WITH ORDINALITY
            AS sent (message, turn)
        CROSS JOIN hos_outbox_slot
        ORDER BY step.place, sent.turn;
    END IF;
    IF array_remove(timers, NULL) <> '{}' THEN
        INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
        SELECT
            step.subject, timer ->> 0, step.above, step.own, step.revision,
            (timer ->> 1)::bigint
        FROM unnest(own, above, subjects, revisions, timers)
            AS step (own, above, subject, revision, timers)
        CROSS JOIN LATERAL json_array_elements(step.timers::json) AS timer;
    END IF;
END $$;
