"""A gRPC app with a health service that says SERVING as often as WELL_FOR says, and NOT_SERVING after."""

import os
from concurrent.futures import ThreadPoolExecutor

import grpc

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
asked: list[bytes] = []


def check(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Tell how the service is that SERVICE names; field 1 of the request is the one that is asked for."""
    if request[2:].decode() != os.environ.get("SERVICE", ""):
        context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
    asked.append(request)
    return SERVING if len(asked) <= int(os.environ.get("WELL_FOR", "1000000")) else NOT_SERVING


methods = {"Check": grpc.unary_unary_rpc_method_handler(check)}
health = grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods)
server = grpc.server(ThreadPoolExecutor(2), handlers=[health])
server.add_insecure_port(f"0.0.0.0:{os.environ['PORT']}")
server.start()
server.wait_for_termination()
