"""Where the project's own files are.

Every path derives from this file, because the project moves between platforms: it stands at the top level on
Astro, below `dags/` in an MWAA bundle, and anywhere under a versioned DAG bundle.
"""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DBT_DIR = PROJECT_ROOT / "dbt"
DBT_PROJECT_FILE = DBT_DIR / "dbt_project.yml"
DBT_MANIFEST = DBT_DIR / "target" / "manifest.json"
DBT_SOURCES_FILE = DBT_DIR / "models" / "staging" / "_sources.yml"
LOCAL_STATE = PROJECT_ROOT / ".local"
DEMO_KEY_FILE = "id_hash_key"
"""Name of the file, beside the warehouse of each of the demo's data sets, with the key that was made for
it."""
