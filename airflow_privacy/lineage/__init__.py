"""From a step's flow to OpenLineage. Nothing else in the package knows OpenLineage."""
