"""What tests of several parts need: a package, of which nothing is on sys.path."""
