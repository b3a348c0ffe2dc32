"""The raw tables: their contract, and how files become them."""
