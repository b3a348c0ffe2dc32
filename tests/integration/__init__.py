"""Tests on one real Airflow, which ends with them."""
