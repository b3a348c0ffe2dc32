"""The deployment's folder: its own tables and rules, as data that is checked before anything runs."""
