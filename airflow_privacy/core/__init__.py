"""The pure core: no Airflow, OpenLineage, FastAPI or SQLAlchemy below this directory."""
