"""What the controllers need from the world, as small protocols over frozen values."""
