"""The ground: values of text, dates, numbers and URLs, pure, imported by anyone."""
