"""Edge agent: reads field devices, spools to disk, sends batches upstream."""
