# The Python flavour is named because dbt-core 1.11 does not run on the runtime's default Python 3.14. The image installs
# packages.txt and requirements.txt and copies the project to /usr/local/airflow before the steps below (ONBUILD).
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# The image sets it as well; the DAGs import `include.tidemark`, so it is said here too.
ENV PYTHONPATH=/usr/local/airflow

ENV AIRFLOW__COSMOS__ENABLE_TELEMETRY=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=False

# dbt lives apart from Airflow: beside it no dbt version resolves.
RUN python -m venv dbt_venv \
    && dbt_venv/bin/pip install --no-cache-dir --quiet --disable-pip-version-check --no-deps --require-hashes -r deploy/locks/dbt.txt

# The DAG is rendered from the manifest. A partial_parse file beside it would be copied by Cosmos, mode bits and all. The
# folder .local must exist in the image: a volume mounted there locally takes its owner from it.
RUN mkdir -p .local && cd dbt \
    && ../dbt_venv/bin/dbt --quiet parse --no-partial-parse --profiles-dir . \
    && rm -rf target/partial_parse.msgpack logs
