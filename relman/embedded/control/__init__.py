"""What the platform does when it is asked: services, revisions, operations, builds, and their coming true."""
