"""The plan on Apache Spark: the same slabs, masked on executors, with the same bytes as on one machine."""
