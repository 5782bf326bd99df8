-- Answers one ask in a transaction of the caller's, in the columns of `load.sql`, and holds what it
-- answers until the transaction ends: the subjects for their change, everything else shared. Every
-- read locks, so that at any isolation it sees what is, not what a snapshot was. Subjects come in
-- the one order in which they are held, each with its place in the answer.
CREATE OR REPLACE PROCEDURE hos_hold(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128), IN who VARBINARY(128),
    IN of_key VARBINARY(255), IN subjects LONGTEXT CHARACTER SET utf8mb4
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE own, above, own_generation, world_generation BIGINT;
    DECLARE standing LONGTEXT CHARACTER SET utf8mb4;

    -- Nothing would be held longer than its statement.
    IF NOT @@in_transaction THEN
        SIGNAL SQLSTATE '25000'
            SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'hos:the transaction has ended';
    END IF;
    SELECT number, generation INTO above, world_generation FROM hos_scope
    WHERE world = of_world AND tenant = '@world' LOCK IN SHARE MODE;
    SELECT number, generation INTO own, own_generation FROM hos_scope
    WHERE world = of_world AND tenant = of_tenant LOCK IN SHARE MODE;
    SET standing = json_object(
        'world', (SELECT status FROM hos_scope WHERE number = above LOCK IN SHARE MODE),
        'tenant', (SELECT status FROM hos_scope WHERE number = own LOCK IN SHARE MODE),
        'tenant_generations', json_compact(coalesce((
            SELECT json_array(members, bans, grants, modes, status_generation)
            FROM hos_scope WHERE number = own LOCK IN SHARE MODE
        ), '[null, null, null, null, null]')),
        'world_generations', json_compact(coalesce((
            SELECT json_array(members, bans, grants, modes, status_generation)
            FROM hos_scope WHERE number = above LOCK IN SHARE MODE
        ), '[null, null, null, null, null]')),
        'roles', json_compact((
            SELECT roles FROM hos_member WHERE scope = own AND actor = who LOCK IN SHARE MODE
        )),
        'world_roles', json_compact((
            SELECT roles FROM hos_member WHERE scope = above AND actor = who LOCK IN SHARE MODE
        )),
        'banned', (
            SELECT least(count(*), 1) FROM hos_ban
            WHERE scope IN (own, above) AND actor = who LOCK IN SHARE MODE
        ),
        'grants', json_compact(coalesce((
            SELECT json_arrayagg(json_array(id, pattern, until, break_glass) ORDER BY number)
            FROM hos_grant WHERE scope = own AND actor = who LOCK IN SHARE MODE
        ), '[]')),
        'world_grants', json_compact(coalesce((
            SELECT json_arrayagg(json_array(id, pattern, until, break_glass) ORDER BY number)
            FROM hos_grant WHERE scope = above AND actor = who LOCK IN SHARE MODE
        ), '[]')),
        'modes', json_compact(coalesce((
            SELECT json_arrayagg(json_array(ability, mode))
            FROM hos_mode WHERE scope = own LOCK IN SHARE MODE
        ), '[]')),
        'world_modes', json_compact(coalesce((
            SELECT json_arrayagg(json_array(ability, mode))
            FROM hos_mode WHERE scope = above LOCK IN SHARE MODE
        ), '[]'))
    );
    SELECT
        line.place, coalesce(own_generation, 0) + coalesce(world_generation, 0),
        subject.state, subject.revision, subject.contract, subject.proof_id, subject.attributes,
        receipt.fingerprint, receipt.receipt, standing
    FROM json_table(subjects, '$[*]' COLUMNS (
        place BIGINT PATH '$[0]', kind VARCHAR(32) PATH '$[1]', id VARCHAR(128) PATH '$[2]'
    )) AS line
    LEFT JOIN hos_subject AS subject
        ON subject.scope = own AND subject.kind = CAST(line.kind AS BINARY)
        AND subject.id = CAST(line.id AS BINARY)
    LEFT JOIN hos_receipt AS receipt ON receipt.scope = own AND receipt.`key` = of_key
    FOR UPDATE;
END;
