"""What drives a release, a rollback, the fleet and the outbox: read what is true, decide, record, act."""
