DROP TRIGGER IF EXISTS "hos_guard_{table}_{status}_opened";
CREATE TRIGGER "hos_guard_{table}_{status}_opened" AFTER INSERT ON hos_subject
WHEN NEW.kind = '{kind}' BEGIN
    UPDATE "{table}" SET "{status}" = NEW.state
    FROM hos_scope
    WHERE hos_scope.number = NEW.scope AND hos_scope.world = '{world}'
        AND "{table}"."{id}" = NEW.id AND CAST("{table}"."{id}" AS TEXT) COLLATE BINARY = NEW.id
        {law_tenant};
END;

DROP TRIGGER IF EXISTS "hos_guard_{table}_{status}_moved";
CREATE TRIGGER "hos_guard_{table}_{status}_moved" AFTER UPDATE ON hos_subject
WHEN NEW.kind = '{kind}' BEGIN
    UPDATE "{table}" SET "{status}" = NEW.state
    FROM hos_scope
    WHERE hos_scope.number = NEW.scope AND hos_scope.world = '{world}'
        AND "{table}"."{id}" = NEW.id AND CAST("{table}"."{id}" AS TEXT) COLLATE BINARY = NEW.id
        {law_tenant};
END;

DROP TRIGGER IF EXISTS "hos_guard_{table}_{status}_insert";
CREATE TRIGGER "hos_guard_{table}_{status}_insert" AFTER INSERT ON "{table}" BEGIN
    SELECT RAISE(ABORT, 'hos:guarded column {table}.{status}')
    WHERE NEW."{status}" COLLATE BINARY IS NOT coalesce((
        SELECT hos_subject.state
        FROM hos_scope
        CROSS JOIN hos_subject
            ON hos_subject.scope = hos_scope.number AND hos_subject.kind = '{kind}'
            AND hos_subject.id = CAST(NEW."{id}" AS TEXT)
        WHERE hos_scope.world = '{world}' {own_tenant}
    ), '{initial}');
END;

DROP TRIGGER IF EXISTS "hos_guard_{table}_{status}_update";
CREATE TRIGGER "hos_guard_{table}_{status}_update" AFTER UPDATE OF {watched} ON "{table}" BEGIN
    SELECT RAISE(ABORT, 'hos:guarded column {table}.{status}')
    WHERE NEW."{status}" COLLATE BINARY IS NOT coalesce((
        SELECT hos_subject.state
        FROM hos_scope
        CROSS JOIN hos_subject
            ON hos_subject.scope = hos_scope.number AND hos_subject.kind = '{kind}'
            AND hos_subject.id = CAST(NEW."{id}" AS TEXT)
        WHERE hos_scope.world = '{world}' {own_tenant}
    ), '{initial}');
END;
