"""Where measured data comes in: one module per protocol, all behind ``Source``."""
