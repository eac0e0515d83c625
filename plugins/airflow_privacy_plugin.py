"""For people who mount this folder instead of installing the wheel.

With the wheel installed the plugin comes by its entry point, and the same plugin twice is an import error in Airflow: then this
file registers nothing.
"""

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="privacy"):
    from airflow_privacy.ui.plugin import PrivacyPlugin  # noqa: F401
