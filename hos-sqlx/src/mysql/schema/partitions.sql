-- Makes the monthly partitions from a moment on; answers how many were made. What is earlier than
-- 1970 goes with its first month, and the last month of the calendar stays in `hos_other`.
CREATE OR REPLACE PROCEDURE hos_partition_ahead(IN now_micros BIGINT, IN months INT)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE ahead, made INT DEFAULT 0;
    DECLARE month_end DATE;
    DECLARE month_start DATE DEFAULT date_format(
        '1970-01-01' + INTERVAL (greatest(now_micros, 0) DIV 1000000) SECOND, '%Y-%m-01'
    );
    DECLARE bound BINARY(16);
    -- Another process was quicker with the same month.
    DECLARE CONTINUE HANDLER FOR 1493, 1517 BEGIN END;
    WHILE ahead <= months AND month_start < '9999-12-01' DO
        SET month_end = month_start + INTERVAL 1 MONTH;
        SET bound = hos_id_at(timestampdiff(SECOND, '1970-01-01', month_end) * 1000000);
        CALL hos_partition('hos_entry', month_start, bound, made);
        CALL hos_partition('hos_part', month_start, bound, made);
        SET month_start = month_end;
        SET ahead = ahead + 1;
    END WHILE;
    SELECT made;
END;

CREATE OR REPLACE PROCEDURE hos_partition(
    IN of_table VARCHAR(64), IN month_start DATE, IN bound BINARY(16), INOUT made INT
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE name VARCHAR(64) DEFAULT date_format(month_start, 'hos_%Y_%m');
    IF NOT EXISTS (
        SELECT 1 FROM information_schema.partitions
        WHERE table_schema = database() AND table_name = of_table AND partition_name >= name
            AND partition_name <> 'hos_other'
    ) THEN
        EXECUTE IMMEDIATE concat(
            'ALTER TABLE ', of_table, ' REORGANIZE PARTITION hos_other INTO (PARTITION ', name,
            ' VALUES LESS THAN (x''', hex(bound), '''),',
            ' PARTITION hos_other VALUES LESS THAN (MAXVALUE))'
        );
        SET made = made + 1;
    END IF;
END;

-- The least id of an entry that is recorded at a moment (RFC 9562, section 5.7), whose time begins
-- with 1970.
CREATE OR REPLACE FUNCTION hos_id_at(micros BIGINT) RETURNS BINARY(16)
DETERMINISTIC NO SQL SQL SECURITY INVOKER
RETURN unhex(rpad(lpad(hex(greatest(micros, 0) DIV 1000), 12, '0'), 32, '0'));

-- Drops the partitions that end before a moment and that nothing is left in: what was in them went
-- into an archive. Answers their names. To be called with the tables of entries and parts locked.
CREATE OR REPLACE PROCEDURE hos_drop_empty_before(IN moment BIGINT)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE dropped LONGTEXT DEFAULT '[]';
    FOR part IN (
        SELECT table_name, partition_name AS name FROM information_schema.partitions
        WHERE table_schema = database() AND table_name IN ('hos_entry', 'hos_part')
            AND partition_name <> 'hos_other' AND moment > 0
            AND unhex(replace(replace(partition_description, '0x', ''), '_binary ', ''))
                <= hos_id_at(moment)
        ORDER BY table_name DESC, partition_ordinal_position
    ) DO
        EXECUTE IMMEDIATE concat(
            'SELECT EXISTS (SELECT 1 FROM ', part.table_name, ' PARTITION (', part.name,
            ')) INTO @hos_left'
        );
        IF NOT @hos_left THEN
            EXECUTE IMMEDIATE
                concat('ALTER TABLE ', part.table_name, ' DROP PARTITION ', part.name);
            IF part.table_name = 'hos_entry' THEN
                SET dropped = json_array_append(dropped, '$', part.name);
            END IF;
        END IF;
    END FOR;
    SELECT dropped;
END;
