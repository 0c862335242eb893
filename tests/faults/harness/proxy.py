"""The proxy between the parts: one process, one port per edge, told what to do by lines.

Started with a file of edges (JSON: {"name": ["host", port]}); prints {"name": port} as one line,
then reads commands from standard input, one JSON object a line, and answers each with one line:

  {"edges": [...], "do": one of these, ...}

  open              all as it should be: connections that were harmed are ended
  cut               connections are reset and new ones refused, until `open`
  half, way         one way is swallowed ("in": to the server, "out": back), or "both": it looks
                    connected and nothing comes
  delay, ms, jitter every piece is late
  rate, bytes       so many bytes a second
  slice, size       pieces of at most so many bytes, each by itself
  reset, after      each connection is reset after that many more bytes, in mid-sentence
  stats             {"name": {...}}: connections, bytes, and what was done to them

Bytes are never changed: what arrives is a prefix of what was sent, in order.
"""
import asyncio
import json
import random
import socket
import struct
import sys

CHUNK = 1 << 18


class Edge:
    def __init__(self, name, target):
        self.name, self.target = name, target
        self.pipes = set()
        self.stats = dict.fromkeys(
            ("connections", "refused", "cut", "bytes", "swallowed", "delayed", "sliced", "resets"),
            0)
        self.heal()

    def heal(self):
        self.refuse = False
        self.swallow = ()
        self.delay_s = self.jitter_s = 0.0
        self.rate = self.slice = 0

    @property
    def plain(self):
        return not (self.swallow or self.delay_s or self.rate or self.slice)


class Half(asyncio.Protocol):
    """One end of a connection. Bytes go to the other at once, or by a task when harmed."""

    def __init__(self, edge, way, pipe=None):
        self.edge, self.way, self.pipe = edge, way, pipe
        self.transport = self.peer = self.task = None
        self.held, self.queue = [], []
        self.left = None  # bytes until a reset

    def connection_made(self, transport):
        self.transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.peer is None:  # the client's end: find the server's
            if self.edge.refuse:
                self.edge.stats["refused"] += 1
                reset(transport)
                return
            self.edge.stats["connections"] += 1
            self.edge.pipes.add(self)
            self.connecting = asyncio.ensure_future(self._connect())

    async def _connect(self):
        other = Half(self.edge, "out")
        other.peer = self
        try:
            await asyncio.get_running_loop().create_connection(lambda: other, *self.edge.target)
        except OSError:
            reset(self.transport)
            return
        self.peer = other
        if self.transport.is_closing():
            other.transport.close()
            return
        held, self.held = self.held, []
        for data in held:
            self.forward(data)

    def data_received(self, data):
        if self.peer is None or self.peer.transport is None:
            self.held.append(data)
        else:
            self.forward(data)

    def forward(self, data):
        edge = self.edge
        if self.peer.transport.is_closing():
            return
        edge.stats["bytes"] += len(data)
        if self.left is not None:
            self.left -= len(data)
            if self.left <= 0:
                edge.stats["resets"] += 1
                if self.left < 0 and not self.queue:
                    self.peer.transport.write(data[:self.left])
                self.end()
                return
        if edge.plain and not self.queue:
            self.peer.transport.write(data)
            return
        if self.way in edge.swallow:
            edge.stats["swallowed"] += len(data)
            return
        self.queue.append(data)
        if len(self.queue) == 1:
            self.task = asyncio.ensure_future(self._trickle())
        if sum(map(len, self.queue)) > CHUNK:
            self.transport.pause_reading()

    async def _trickle(self):
        edge = self.edge
        try:
            while self.queue and not self.peer.transport.is_closing():
                data = self.queue[0]
                if edge.delay_s:
                    edge.stats["delayed"] += 1
                    await asyncio.sleep(edge.delay_s + random.random() * edge.jitter_s)
                size = edge.slice or (max(1, edge.rate // 10) if edge.rate else len(data))
                for at in range(0, len(data), size):
                    piece = data[at:at + size]
                    if edge.slice or edge.rate:
                        edge.stats["sliced"] += 1
                    if self.peer.transport.is_closing():
                        break
                    self.peer.transport.write(piece)
                    if edge.rate:
                        await asyncio.sleep(len(piece) / edge.rate)
                    elif edge.slice:
                        await asyncio.sleep(0)
                if self.queue:
                    self.queue.pop(0)
                if not self.transport.is_closing():
                    self.transport.resume_reading()
        except (AttributeError, RuntimeError):
            pass  # ended meanwhile
        self.queue.clear()
        if self.transport.is_closing():
            self.shut_peer()

    def eof_received(self):
        return False

    def pause_writing(self):
        if self.peer and self.peer.transport and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self):
        if self.peer and self.peer.transport and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, _):
        self.edge.pipes.discard(self)
        if not self.queue:
            self.shut_peer()

    def shut_peer(self):
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()

    def end(self):
        """Both ends, by a reset."""
        for half in (self, self.peer):
            if half is not None and half.transport is not None:
                half.queue.clear()
                reset(half.transport)


def reset(transport):
    if transport is None or transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    transport.abort()


def obey(edges, command):
    do = command["do"]
    if do == "stats":
        return {name: dict(edge.stats, open=len(edge.pipes)) for name, edge in edges.items()}
    touched = 0
    for name in command["edges"]:
        edge = edges[name]
        if do == "open":
            harmed = not edge.plain or edge.refuse
            edge.heal()
            if harmed:
                for half in list(edge.pipes):
                    half.end()
        elif do == "cut":
            edge.refuse = True
            for half in list(edge.pipes):
                edge.stats["cut"] += 1
                touched += 1
                half.end()
        elif do == "half":
            edge.swallow = {"in": ("in",), "out": ("out",)}.get(command["way"], ("in", "out"))
        elif do == "delay":
            edge.delay_s, edge.jitter_s = command["ms"] / 1e3, command.get("jitter", 0) / 1e3
        elif do == "rate":
            edge.rate = command["bytes"]
        elif do == "slice":
            edge.slice = command["size"]
        elif do == "reset":
            for half in list(edge.pipes):
                touched += 1
                half.left = command["after"]
                if half.peer is not None:
                    half.peer.left = command["after"]
    return {"touched": touched}


async def main(path):
    with open(path) as file:
        edges = {name: Edge(name, tuple(target)) for name, target in json.load(file).items()}
    loop = asyncio.get_running_loop()
    ports = {}
    for name, edge in edges.items():
        server = await loop.create_server(lambda edge=edge: Half(edge, "in"), "127.0.0.1", 0,
                                          backlog=512)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    reader = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(obey(edges, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
