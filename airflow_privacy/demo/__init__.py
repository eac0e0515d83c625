"""A real Airflow on this machine, started and stopped by one call: for the demo and for the tests."""
