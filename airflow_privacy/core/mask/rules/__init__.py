"""The check's own rules: what each technique may leave in a column, written without the code that masks."""
