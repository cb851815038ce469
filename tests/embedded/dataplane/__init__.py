"""The data plane: a process, met over plain sockets."""
