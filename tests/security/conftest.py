"""The pages in Airflow and the browser, as their own tests have them."""

from tests.browser.conftest import browser
from tests.plugins.conftest import artifacts, client, make, metadata, plugin

__all__ = ["artifacts", "browser", "client", "make", "metadata", "plugin"]
