"""Orders: where a small logistics company takes and follows its orders."""

__version__ = "1.3.0"
