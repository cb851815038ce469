"""gRPC as Google speaks it: the same calls as REST, with the whole refusal in a call's trailers.

What it is not: a port. It listens on a unix socket in the state folder; the platform's one port hands every
connection that begins as HTTP/2 on to it (``splice``).

Source of the status details: ``grpc-status-details-bin`` carries a ``google.rpc.Status``
(https://cloud.google.com/apis/design/errors, https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
from google.protobuf.message import DecodeError, Message

from relman.embedded.control.calls import Calls
from relman.embedded.resources.faults import ReplyLost
from relman.embedded.resources.messages import Status, wrapped
from relman.embedded.resources.refusals import Refusal, undecodable
from relman.embedded.wire import monitoring
from relman.embedded.wire.apis import APIS, Api
from relman.embedded.wire.http import LARGEST_BODY

SOCKET = "grpc.sock"
"""By this short name, from the state folder: a socket's path has at most 107 bytes."""
LONGEST_MESSAGE = 1024
LONGEST_DETAILS = 3072
"""Bytes: a client takes 8 KiB of trailers in all, and escaping makes a message up to three times as long."""
DETAILS = "grpc-status-details-bin"
Handler = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[bytes]]


class Grpc:
    """Answers every gRPC call of the platform.

    Args:
        calls: Carries out what they mean.
    """

    def __init__(self, calls: Calls) -> None:
        """Nothing is listened on yet."""
        self._calls = calls
        self._server: grpc.aio.Server

    async def start(self) -> None:
        """Listen; gRPC itself removes the socket of a platform that was killed.

        Raises:
            RuntimeError: The socket cannot be made.
        """
        self._server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST_BODY)])
        self._server.add_generic_rpc_handlers([self._served(name, api) for name, api in APIS.items()])
        later = Later(monitoring.SERVICE, lambda: self._served(monitoring.NAME, monitoring.api()))
        self._server.add_generic_rpc_handlers([later])
        self._server.add_insecure_port(f"unix:{SOCKET}")
        await self._server.start()

    async def stop(self) -> None:
        """Cancel what is under way, and listen no more."""
        await self._server.stop(None)

    def _served(self, name: str, api: Api) -> grpc.GenericRpcHandler:
        """One API; a method or a service that nobody knows is UNIMPLEMENTED by gRPC's own word."""
        methods = {
            method: grpc.unary_unary_rpc_method_handler(self._answering(name, method, request))
            for method, request in api.requests.items()
        }
        return grpc.method_handlers_generic_handler(api.service, methods)

    def _answering(self, api: str, method: str, request: type[Message]) -> Handler:
        async def answer(raw: bytes, context: grpc.aio.ServicerContext) -> bytes:
            try:
                found = await self._calls.carry_out(api, method, _parsed(request, raw))
            except Refusal as error:
                await context.abort(*_told(error))  # it raises: the call ends here
            except ReplyLost:  # what a client makes of a connection that ends
                await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            return found.SerializeToString() if found is not None else b""

        return answer


class Later(grpc.GenericRpcHandler):  # type: ignore[misc]  # gRPC is untyped
    """A service whose messages are imported when it is called for the first time."""

    def __init__(self, service: str, served: Callable[[], grpc.GenericRpcHandler]) -> None:
        """Nothing is imported yet."""
        self._prefix = f"/{service}/"
        self._served = served
        self._handler: grpc.GenericRpcHandler | None = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The method that is called, None if it is another service's."""
        if not handler_call_details.method.startswith(self._prefix):
            return None
        self._handler = self._handler or self._served()
        return self._handler.service(handler_call_details)


def _parsed(request: type[Message], raw: bytes) -> Message:
    """A message from its bytes; parsed here, since gRPC itself would print a traceback for bad ones.

    Raises:
        InvalidArgument: They are none of its kind.
    """
    try:
        return request.FromString(raw)
    except DecodeError as error:
        raise undecodable(request.DESCRIPTOR.full_name) from error


def _told(error: Refusal) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """What a call ends with: code, message, and trailers with the whole refusal (row 49)."""
    code = error.grpc_status_code or grpc.StatusCode.INTERNAL
    message = error.message.encode()[:LONGEST_MESSAGE].decode(errors="ignore")
    status = Status(code=code.value[0], message=message, details=map(wrapped, error.details))
    whole = status.SerializeToString()
    fits = status.details and len(whole) <= LONGEST_DETAILS
    return code, message, ((DETAILS, whole),) if fits else ()
