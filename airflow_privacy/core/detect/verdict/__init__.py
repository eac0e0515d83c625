"""The verdict on each column: from its values, name and type, its neighbours, and the contract."""
