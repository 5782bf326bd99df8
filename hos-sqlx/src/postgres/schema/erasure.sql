-- Deletes what there is of parts, and keeps which entry erased them; answers how many there were.
CREATE FUNCTION hos_delete_parts(
    world text, tenant text, entries uuid[], names text[], erased text
) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    bound bigint[];
    gone integer;
BEGIN
    SELECT numbers INTO bound FROM hos_bind(ARRAY[world], ARRAY[tenant], false);
    UPDATE hos_part SET salt = decode(repeat('00', 32), 'hex'), body = erased
    FROM unnest(entries, names) AS named (entry, name)
    WHERE hos_part.entry = named.entry AND hos_part.name = named.name
        AND hos_part.scope = bound[1] AND hos_part.body NOT LIKE '-%';
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
