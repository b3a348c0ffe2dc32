"""YAML as people write it: read with its lines, checked, with the nearest name where one is wrong, and SQL
expressions in it."""
