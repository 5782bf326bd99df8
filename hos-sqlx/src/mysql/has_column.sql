SELECT count(*) FROM information_schema.columns
WHERE table_schema = database() AND table_name = ? AND column_name = ?
