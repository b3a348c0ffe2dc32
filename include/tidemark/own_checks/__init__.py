"""A deployment's own checks: the files below `checks/` of its configuration folder, as part of the gate."""

FOLDER = "checks"
"""Of the configuration folder: files of checks, by whatever names."""
