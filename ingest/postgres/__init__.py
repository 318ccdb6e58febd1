"""PostgreSQL databases: tables and queries, in Arrow batches."""
