"""Energy accounts: meters to standard coal, per tonne of product, against the national limit."""
