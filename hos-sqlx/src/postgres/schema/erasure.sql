-- Deletes the rows of parts; answers how many there were.
CREATE FUNCTION hos_delete_parts(world text, tenant text, entries uuid[], names text[])
RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    bound bigint[];
    gone integer;
BEGIN
    SELECT numbers INTO bound FROM hos_bind(ARRAY[world], ARRAY[tenant], false);
    DELETE FROM hos_part USING unnest(entries, names) AS named (entry, name)
    WHERE hos_part.entry = named.entry AND hos_part.name = named.name
        AND hos_part.scope = bound[1];
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
