"""Telephone numbers in columns and texts, by the numbering plans that phonenumbers brings along."""
