"""`tidemark`: what is published, from a shell. It reads the artifact root alone, so it needs no warehouse and no Airflow."""
