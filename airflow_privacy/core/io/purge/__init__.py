"""Making things go, store by store, and looking again whether they are gone."""
