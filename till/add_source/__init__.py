"""`till add-source`: a new source declared, staged and named where dbt must know it."""
