"""The order of the stages. Nothing else in the core knows more than one of them."""
