-- An actor is named in hexadecimal: the server remembers what a subselect answered for a name, and
-- takes names for equal that differ in case or in trailing space.
SELECT
    ask.line, coalesce(own.generation, 0) + coalesce(world.generation, 0),
    subject.state, subject.revision, subject.contract, subject.proof_id, subject.attributes,
    receipt.fingerprint, receipt.receipt,
    CASE
        WHEN ask.actor IS NOT NULL
            AND NOT ask.seen <=> coalesce(own.generation, 0) + coalesce(world.generation, 0)
        THEN json_object(
            'world', world.status,
            'tenant', own.status,
            'tenant_generations', json_array(
                own.members, own.bans, own.grants, own.modes, own.status_generation
            ),
            'world_generations', json_array(
                world.members, world.bans, world.grants, world.modes, world.status_generation
            ),
            'roles', json_compact((
                SELECT roles FROM hos_member WHERE scope = own.number AND actor = unhex(ask.actor)
            )),
            'world_roles', json_compact((
                SELECT roles FROM hos_member WHERE scope = world.number AND actor = unhex(ask.actor)
            )),
            'banned', 0 + EXISTS (
                SELECT 1 FROM hos_ban
                WHERE scope IN (own.number, world.number) AND actor = unhex(ask.actor)
            ),
            'grants', json_compact(coalesce((
                SELECT json_arrayagg(
                    json_array(id, pattern, until, break_glass) ORDER BY number
                )
                FROM hos_grant WHERE scope = own.number AND actor = unhex(ask.actor)
            ), '[]')),
            'world_grants', json_compact(coalesce((
                SELECT json_arrayagg(
                    json_array(id, pattern, until, break_glass) ORDER BY number
                )
                FROM hos_grant WHERE scope = world.number AND actor = unhex(ask.actor)
            ), '[]')),
            'modes', json_compact(coalesce((
                SELECT json_arrayagg(json_array(ability, mode))
                FROM hos_mode WHERE scope = own.number
            ), '[]')),
            'world_modes', json_compact(coalesce((
                SELECT json_arrayagg(json_array(ability, mode))
                FROM hos_mode WHERE scope = world.number
            ), '[]'))
        )
    END,
    subject.number
FROM json_table(?, '$[*]' COLUMNS (
    line FOR ORDINALITY, world VARCHAR(32) PATH '$[0]', tenant VARCHAR(128) PATH '$[1]',
    actor VARCHAR(256) PATH '$[2]', seen BIGINT PATH '$[3]', `key` VARCHAR(510) PATH '$[4]',
    kind VARCHAR(32) PATH '$[5]', id VARCHAR(128) PATH '$[6]'
)) AS ask
LEFT JOIN hos_scope AS own
    ON own.world = CAST(ask.world AS BINARY) AND own.tenant = CAST(ask.tenant AS BINARY)
LEFT JOIN hos_scope AS world
    ON world.world = CAST(ask.world AS BINARY) AND world.tenant = '@world'
LEFT JOIN hos_subject AS subject
    ON subject.scope = own.number AND subject.kind = CAST(ask.kind AS BINARY)
    AND subject.id = CAST(ask.id AS BINARY)
LEFT JOIN hos_receipt AS receipt
    ON receipt.scope = own.number AND receipt.`key` = unhex(ask.`key`)
