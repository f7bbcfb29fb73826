"""What a release is made of: frozen values, lifecycles as tables, and nothing that touches the world."""
