"""The driver's own journal: what it asked and what it was told, on disk before and after each call.

A file is JSON lines, a pair for each attempt of a call; the first of a command is synced to disk
before it is sent:

  {"at", "op", "client", "phase": "ask", "method", "request_id", "request"}
  {"at", "op", "client", "phase": "answer", "outcome", "code", "reason", "response"}

`op` is run/client/number#attempt; attempts of one command have one request id, and so has what is
sent again later or twice at once. `method` is /package.Service/Method, `request` and `response` are
the messages in JSON with the protos' field names. `outcome` is "ok", "refused" (it is known that
nothing was changed) or "unknown". `at` is seconds of the machine's monotonic clock. Beside them:

  {"at", "phase": "run", "run", "seed", "mode"}             the first line
  {"at", "phase": "seen", "what", "note", "op"}             a violation that a read or answer showed
"""
import asyncio
import concurrent.futures
import json
import os
import time

from google.protobuf import json_format


def words(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


class Journal:
    """Lines of all clients of one process; written in groups, each group synced once."""

    def __init__(self, path, head):
        self.file = open(path, "ab", buffering=0)
        self.lines, self.waiting = [], []
        self.wake = asyncio.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.add(dict(head, phase="run"))
        self.task = asyncio.get_running_loop().create_task(self._write())

    def add(self, record):
        """Queues a line; it is on disk soon."""
        record["at"] = round(time.monotonic(), 6)
        self.lines.append(json.dumps(record, separators=(",", ":")))
        self.wake.set()

    async def put(self, record):
        """Returns when the line is on disk."""
        done = asyncio.get_running_loop().create_future()
        self.waiting.append(done)
        self.add(record)
        await done

    def _sync(self, data):
        view = memoryview(data)
        while view:
            view = view[self.file.write(view):]
        os.fdatasync(self.file.fileno())

    async def _write(self):
        loop = asyncio.get_running_loop()
        while True:
            await self.wake.wait()
            self.wake.clear()
            lines, self.lines = self.lines, []
            waiting, self.waiting = self.waiting, []
            if lines:
                await loop.run_in_executor(self.pool, self._sync,
                                           ("\n".join(lines) + "\n").encode())
            for done in waiting:
                if not done.done():
                    done.set_result(None)

    async def close(self):
        while self.lines or self.waiting:
            self.wake.set()
            await asyncio.sleep(0.01)
        self.task.cancel()
        self.pool.shutdown()
        self.file.close()
