"""What joins the stages to Airflow and Cosmos."""
