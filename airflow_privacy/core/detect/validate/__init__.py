"""Validations of Presidio's pattern recognizers over whole columns of matched texts: check digits, dates, issuers, hosts."""
