-- Writes a change of standing, a JSON object that names its row. Every one but a contract and a
-- segment raises the generation of its group.
CREATE OR REPLACE PROCEDURE hos_write_standing(
    IN own BIGINT, IN standing LONGTEXT CHARACTER SET utf8mb4
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE row_name VARBINARY(16) DEFAULT json_value(standing, '$.row');
    DECLARE of_actor VARBINARY(128) DEFAULT json_value(standing, '$.actor');
    -- An empty text is null to `json_value`.
    DECLARE of_ability VARBINARY(128) DEFAULT coalesce(json_value(standing, '$.ability'), '');

    UPDATE hos_scope SET
        status = coalesce(
            json_value(standing, '$.status'), status, if(row_name = 'scope', 'open', NULL)
        ),
        members = members + (row_name = 'member'),
        bans = bans + (row_name = 'ban'),
        grants = grants + (row_name IN ('grant', 'epoch', 'parts')),
        modes = modes + (row_name = 'mode'),
        status_generation = status_generation + (row_name IN ('scope', 'status', 'law'))
    WHERE number = own AND row_name NOT IN ('contract', 'segment');

    CASE row_name
    WHEN 'member' THEN
        DELETE FROM hos_member WHERE scope = own AND actor = of_actor;
        IF json_length(standing, '$.roles') > 0 THEN
            INSERT INTO hos_member (scope, actor, roles)
            VALUES (own, of_actor, json_query(standing, '$.roles'));
        END IF;
    WHEN 'ban' THEN
        DELETE FROM hos_ban WHERE scope = own AND actor = of_actor;
        IF json_value(standing, '$.banned') THEN
            INSERT INTO hos_ban (scope, actor) VALUES (own, of_actor);
        END IF;
    WHEN 'grant' THEN
        DELETE FROM hos_grant
        WHERE scope = own AND actor = of_actor AND id = json_value(standing, '$.id');
        IF json_value(standing, '$.until') > 0 THEN
            INSERT INTO hos_grant (scope, actor, id, pattern, until, break_glass)
            VALUES (
                own, of_actor, json_value(standing, '$.id'), json_value(standing, '$.pattern'),
                json_value(standing, '$.until'), json_value(standing, '$.break_glass')
            );
        END IF;
    WHEN 'mode' THEN
        DELETE FROM hos_mode WHERE scope = own AND ability = of_ability;
        IF json_value(standing, '$.mode') IS NOT NULL THEN
            INSERT INTO hos_mode (scope, ability, mode)
            VALUES (own, of_ability, json_value(standing, '$.mode'));
        END IF;
    WHEN 'law' THEN
        INSERT INTO hos_law (scope, version, digest, deployment)
        VALUES (
            own, json_value(standing, '$.version'), unhex(json_value(standing, '$.digest')),
            coalesce(json_value(standing, '$.deployment'), '')
        );
    WHEN 'contract' THEN
        INSERT INTO hos_contract (scope, kind, version, digest)
        VALUES (
            own, json_value(standing, '$.kind'), json_value(standing, '$.version'),
            unhex(json_value(standing, '$.digest'))
        );
    WHEN 'segment' THEN
        -- Whoever lets its rows go holds this row, and is waited for before they are counted.
        DO (
            SELECT turn FROM hos_archive
            WHERE scope = own AND first_index = json_value(standing, '$.first')
            ORDER BY turn DESC LIMIT 1 FOR UPDATE
        );
        INSERT INTO hos_archive (
            scope, first_index, turn, end_index, entry, digest, least_id, greatest_id
        ) VALUES (
            own, json_value(standing, '$.first'), json_value(standing, '$.turn'),
            json_value(standing, '$.end'), unhex(json_value(standing, '$.entry')),
            unhex(json_value(standing, '$.digest')), unhex(json_value(standing, '$.least')),
            unhex(json_value(standing, '$.greatest'))
        );
    WHEN 'parts' THEN
        UPDATE hos_part
        JOIN JSON_TABLE(standing, '$.parts[*]' COLUMNS (
            entry VARCHAR(32) PATH '$[0]', name VARCHAR(64) PATH '$[1]'
        )) AS gone
            ON hos_part.entry = unhex(gone.entry) AND hos_part.name = CAST(gone.name AS BINARY)
        SET hos_part.salt = repeat(char(0), 32), hos_part.body = json_value(standing, '$.body')
        WHERE hos_part.scope = own AND hos_part.body NOT LIKE '-%';
    WHEN 'epoch' THEN
        INSERT INTO hos_log_epoch (scope, number, recorded_in, entry)
        VALUES (
            if(json_value(standing, '$.deployment'), 0, own), json_value(standing, '$.number'),
            own, unhex(json_value(standing, '$.entry'))
        );
    ELSE BEGIN END;
    END CASE;
END;
