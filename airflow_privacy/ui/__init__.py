"""What Airflow's API server shows. It reads public keys, checkpoints, the ledger and
findings; it can reach neither private keys nor data."""
