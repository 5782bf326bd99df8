SELECT coalesce(concat(character_set_name, ' ', collation_name), '')
FROM information_schema.columns
WHERE table_schema = database() AND table_name = ? AND column_name = ?
