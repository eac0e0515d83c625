"""Plan, approve, apply, prove: the privacy layer for Apache Airflow. Importing this package loads nothing else."""

__version__ = "0.1.0"
