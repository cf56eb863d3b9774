"""Adapters to the outside world. Only ``plantwatch`` chooses and builds them."""
