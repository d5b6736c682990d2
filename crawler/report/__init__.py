"""What people read: rows in, text or files out."""
