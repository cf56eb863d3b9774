"""Ingest: validate, write to the historian, then acknowledge."""
