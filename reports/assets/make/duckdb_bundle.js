// The part of DuckDB-WASM that runs in the page; the database itself runs in the worker.
import { AsyncDuckDB, VoidLogger } from "@duckdb/duckdb-wasm";

TILLHOUSE_PARTS.api = { AsyncDuckDB, VoidLogger };
