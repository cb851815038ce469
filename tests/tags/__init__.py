"""Tags of real repositories, real keys, real remotes."""
