"""The bundle of a release: what is said in it, signed; and the check of one, without a desk."""
