"""The topic file: TOML in, a checked `Topic` out."""
