#!/bin/bash
# MWAA sources this script on every container before Airflow starts, and keeps what it exports. It therefore neither
# sets shell options nor exits. @GENERATED@

# --- settings: lines of the settings file of the build, then the Airflow configuration options named tidemark.<setting>
@SETTINGS@
for option in $(compgen -e AIRFLOW__TIDEMARK__); do
    export "TIDEMARK_${option#AIRFLOW__TIDEMARK__}=${!option}"
done

export AIRFLOW__COSMOS__ENABLE_TELEMETRY=False
export AIRFLOW__COSMOS__CACHE_DIR="${AIRFLOW_HOME:-/usr/local/airflow}/cosmos"
export DBT_SEND_ANONYMOUS_USAGE_STATS=false
export GX_ANALYTICS_ENABLED=False

# --- dbt in an environment of its own: under the versions that Airflow pins no dbt resolves
tidemark_install_dbt() {
    local environment="${AIRFLOW_HOME:-/usr/local/airflow}/dbt_venv" pins wanted started=$SECONDS
    pins="$(mktemp)"
    cat > "$pins" <<'PINS'
@DBT_PINS@
PINS
    wanted="$(sha256sum < "$pins")"
    if [ -x "$environment/bin/dbt" ] && [ "$(cat "$environment/pins.sha256" 2>/dev/null)" = "$wanted" ]; then
        echo "dbt's environment is there already."
    elif rm -rf "$environment" && python3 -m venv "$environment" \
        && "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$pins"; then
        echo "$wanted" > "$environment/pins.sha256"
        echo "dbt's environment was made in $((SECONDS - started)) s."
    else
        echo "dbt's environment could not be made; the tasks of the group 'models' will fail." >&2
    fi
    rm -f "$pins"
}

# The DAG is rendered from the manifest, so only what runs tasks needs dbt.
case "${MWAA_AIRFLOW_COMPONENT:-worker}" in
    scheduler | webserver) ;;
    *) tidemark_install_dbt ;;
esac
unset -f tidemark_install_dbt
