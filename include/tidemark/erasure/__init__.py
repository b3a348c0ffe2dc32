"""Erasing persons: from the warehouse's rows, and from the user-level files of every run."""
