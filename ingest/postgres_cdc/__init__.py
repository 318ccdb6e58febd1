"""Tables of a PostgreSQL database, followed change by change through logical replication."""
