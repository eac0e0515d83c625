"""What Airflow's API server shows. It reads public keys and anchored checkpoints; it can reach neither private keys nor data."""
