UPDATE hos_schema SET name = name WHERE version = 0;
