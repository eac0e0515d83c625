"""Which rows may be the same person, misspelt or twice: for review before anything is erased."""
