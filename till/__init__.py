"""The `till` command and what it conducts: runs, releases, checks."""
