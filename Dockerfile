# Airflow with this checkout in it, for docker-compose.yaml.
FROM apache/airflow:3.3.2-python3.11
USER root
# Named volumes take owner and mode from here: the keyring refuses files of another user.
RUN install -d -o airflow -g root -m 0750 /privacy
USER airflow
COPY --chown=airflow:root pyproject.toml README.md SECURITY.md CHANGELOG.md constraints.txt /opt/airflow-privacy/
COPY --chown=airflow:root airflow_privacy /opt/airflow-privacy/airflow_privacy
RUN pip install --no-cache-dir --constraint /opt/airflow-privacy/constraints.txt "/opt/airflow-privacy[training]"
