"""The local set-up: demo data, a real Airflow on this machine, and the months that it runs."""
