WITH ask (line, world, tenant, actor, seen, key, kind, id) AS (
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
)
SELECT
    coalesce(own.generation, 0) + coalesce(world.generation, 0),
    subject.state, subject.revision, subject.contract, subject.proof_id, subject.attributes,
    receipt.fingerprint, receipt.receipt,
    CASE
        WHEN ask.actor IS NOT NULL
            AND ask.seen IS NOT coalesce(own.generation, 0) + coalesce(world.generation, 0)
        THEN json_object(
            'world', world.status,
            'tenant', own.status,
            'tenant_generations', json_array(
                own.members, own.bans, own.grants, own.modes, own.status_generation
            ),
            'world_generations', json_array(
                world.members, world.bans, world.grants, world.modes, world.status_generation
            ),
            'roles', json((
                SELECT roles FROM hos_member WHERE scope = own.number AND actor = ask.actor
            )),
            'world_roles', json((
                SELECT roles FROM hos_member WHERE scope = world.number AND actor = ask.actor
            )),
            'banned', EXISTS (
                SELECT 1 FROM hos_ban
                WHERE scope IN (own.number, world.number) AND actor = ask.actor
            ),
            'grants', (
                SELECT json_group_array(
                    json_array(id, pattern, until, break_glass) ORDER BY number
                )
                FROM hos_grant WHERE scope = own.number AND actor = ask.actor
            ),
            'world_grants', (
                SELECT json_group_array(
                    json_array(id, pattern, until, break_glass) ORDER BY number
                )
                FROM hos_grant WHERE scope = world.number AND actor = ask.actor
            ),
            'modes', (
                SELECT json_group_array(json_array(ability, mode))
                FROM hos_mode WHERE scope = own.number
            ),
            'world_modes', (
                SELECT json_group_array(json_array(ability, mode))
                FROM hos_mode WHERE scope = world.number
            )
        )
    END
FROM ask
LEFT JOIN hos_scope AS own ON own.world = ask.world AND own.tenant = ask.tenant
LEFT JOIN hos_scope AS world ON world.world = ask.world AND world.tenant = '@world'
LEFT JOIN hos_subject AS subject
    ON subject.scope = own.number AND subject.kind = ask.kind AND subject.id = ask.id
LEFT JOIN hos_receipt AS receipt
    ON receipt.scope = own.number AND receipt.key = ask.key
WHERE ask.line IS NOT NULL
