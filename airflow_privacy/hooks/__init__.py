"""From Airflow's configuration and connections to what the core takes as arguments."""
