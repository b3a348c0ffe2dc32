"""Months computed again: a plan that is read first, then a new run per month, and at the end what is
different."""
