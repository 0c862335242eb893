"""The independent model: recomputes what Tandem says of itself, from outside. See README.md."""
