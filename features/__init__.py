"""What we know: everything computed the same way offline and online."""
