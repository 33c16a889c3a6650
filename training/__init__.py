"""What we learn: fits, evaluates, gates, tracks and writes bundles."""
