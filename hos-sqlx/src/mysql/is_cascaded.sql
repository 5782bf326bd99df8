SELECT count(*) FROM information_schema.key_column_usage AS used
JOIN information_schema.referential_constraints AS rule
    ON rule.constraint_schema = used.constraint_schema AND rule.table_name = used.table_name
    AND rule.constraint_name = used.constraint_name
WHERE used.table_schema = database() AND used.table_name = ? AND used.column_name = ?
    AND (
        rule.update_rule NOT IN ('RESTRICT', 'NO ACTION')
        OR rule.delete_rule NOT IN ('RESTRICT', 'NO ACTION', 'CASCADE')
    )
