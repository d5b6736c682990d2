"""houxu: follow a news story. The sentence at the head of `model` is the map."""

__version__ = "0.1.0"
