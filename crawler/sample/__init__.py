"""A small invented news web: the demo, and the tests' newsroom."""
