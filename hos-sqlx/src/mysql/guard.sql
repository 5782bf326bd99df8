CREATE OR REPLACE TRIGGER `hos_guard_{table}_{status}_opened` AFTER INSERT ON hos_subject FOR EACH ROW
BEGIN
    DECLARE of_tenant VARBINARY(128);
    IF NEW.kind = '{kind}' THEN
        SET of_tenant = (
            SELECT tenant FROM hos_scope WHERE number = NEW.scope AND world = '{world}'
        );
        UPDATE `{table}` SET `{status}` = CONVERT(NEW.state USING utf8mb4)
        WHERE of_tenant IS NOT NULL
            AND `{id}` = {law_id}
            AND CAST(CONVERT(`{id}` USING utf8mb4) AS BINARY) = NEW.id
            {law_tenant};
    END IF;
END;

CREATE OR REPLACE TRIGGER `hos_guard_{table}_{status}_moved` AFTER UPDATE ON hos_subject FOR EACH ROW
BEGIN
    DECLARE of_tenant VARBINARY(128);
    IF NEW.kind = '{kind}' THEN
        SET of_tenant = (
            SELECT tenant FROM hos_scope WHERE number = NEW.scope AND world = '{world}'
        );
        UPDATE `{table}` SET `{status}` = CONVERT(NEW.state USING utf8mb4)
        WHERE of_tenant IS NOT NULL
            AND `{id}` = {law_id}
            AND CAST(CONVERT(`{id}` USING utf8mb4) AS BINARY) = NEW.id
            {law_tenant};
    END IF;
END;

-- What the law says is held until the transaction ends: it may be newer than what the statement
-- saw when it began.
CREATE OR REPLACE TRIGGER `hos_guard_{table}_{status}_insert` AFTER INSERT ON `{table}` FOR EACH ROW
BEGIN
    IF NOT CAST(CONVERT(NEW.`{status}` USING utf8mb4) AS BINARY) <=> coalesce((
        SELECT hos_subject.state
        FROM hos_scope
        STRAIGHT_JOIN hos_subject
            ON hos_subject.scope = hos_scope.number AND hos_subject.kind = '{kind}'
            AND hos_subject.id = CAST(CONVERT(NEW.`{id}` USING utf8mb4) AS BINARY)
        WHERE hos_scope.world = '{world}' {own_tenant}
        LIMIT 1
        LOCK IN SHARE MODE
    ), '{initial}') THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:guarded column {table}.{status}';
    END IF;
END;

-- A statement that changes other columns asks and holds nothing, for whoever holds a row of the
-- table and then waits for the law may be waited for by it.
CREATE OR REPLACE TRIGGER `hos_guard_{table}_{status}_update` AFTER UPDATE ON `{table}` FOR EACH ROW
BEGIN
    IF ({changed}) AND NOT CAST(CONVERT(NEW.`{status}` USING utf8mb4) AS BINARY) <=> coalesce((
        SELECT hos_subject.state
        FROM hos_scope
        STRAIGHT_JOIN hos_subject
            ON hos_subject.scope = hos_scope.number AND hos_subject.kind = '{kind}'
            AND hos_subject.id = CAST(CONVERT(NEW.`{id}` USING utf8mb4) AS BINARY)
        WHERE hos_scope.world = '{world}' {own_tenant}
        LIMIT 1
        LOCK IN SHARE MODE
    ), '{initial}') THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:guarded column {table}.{status}';
    END IF;
END;
