"""What differs between two runs: one function, for the command line, the plan of a backfill, and a
rollback."""
