"""Interlock supervision: does every cause produce its effect in time, and who is looking while it is bypassed."""
