"""What free text holds besides the patterns of identifiers: dates, ages, titles, addresses; and all finders' entities as one."""
