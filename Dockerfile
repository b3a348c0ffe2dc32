# The Python flavour is named because dbt-core 1.11 does not run on the runtime's default Python 3.14.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# dbt lives apart from Airflow: under Airflow's constraints no dbt version resolves.
RUN python -m venv dbt_venv \
    && dbt_venv/bin/pip install --no-cache-dir --quiet -r deploy/locks/dbt.txt \
    && cd dbt && ../dbt_venv/bin/dbt --quiet parse --no-partial-parse --profiles-dir . \
    && rm -f target/partial_parse.msgpack

ENV AIRFLOW__COSMOS__ENABLE_TELEMETRY=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=False
