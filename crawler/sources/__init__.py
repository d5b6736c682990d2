"""Sources, pure: an answer becomes leads; a poll becomes the source's next state, health and due time."""
