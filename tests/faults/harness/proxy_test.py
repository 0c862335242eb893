"""The proxy: bytes pass unchanged, and each harm does what its line says and no more."""
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_S = 20


@contextlib.asynccontextmanager
async def proxied():
    """(do, connect): the proxy before a server that sends back what comes."""
    async def echo(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
    opened = []
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"edge": server.sockets[0].getsockname()[:2]}, file)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            sys.executable, os.path.join(HERE, "proxy.py"), file.name,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        port = json.loads(await process.stdout.readline())["edge"]

        async def do(what, **more):
            process.stdin.write(json.dumps(dict(more, do=what, edges=["edge"])).encode() + b"\n")
            return json.loads(await process.stdout.readline())

        async def connect():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.append(writer)
            return reader, writer
        try:
            yield do, connect
        finally:
            for writer in opened:
                writer.close()
            process.kill()
            await process.wait()
            server.close()


async def said_back(connection, data):
    reader, writer = connection
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), PATIENCE_S)


class TheProxy(unittest.IsolatedAsyncioTestCase):
    async def test_passes_bytes_unchanged(self):
        async with proxied() as (_, connect):
            data = os.urandom(1 << 20)
            connection = await connect()
            asyncio.get_running_loop().call_soon(connection[1].write, data)
            self.assertEqual(await asyncio.wait_for(
                connection[0].readexactly(len(data)), PATIENCE_S), data)

    async def test_cuts_what_is_there_and_what_comes_until_it_is_opened(self):
        async with proxied() as (do, connect):
            connection = await connect()
            await said_back(connection, b"one")
            self.assertEqual((await do("cut"))["touched"], 1)
            with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
                await said_back(connection, b"two")
            with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
                await said_back(await connect(), b"three")
            await do("open")
            self.assertEqual(await said_back(await connect(), b"four"), b"four")

    async def test_swallows_one_way_and_ends_what_it_harmed(self):
        async with proxied() as (do, connect):
            connection = await connect()
            await said_back(connection, b"one")
            await do("half", way="out")
            with self.assertRaises(asyncio.TimeoutError):
                connection[1].write(b"two")
                await asyncio.wait_for(connection[0].readexactly(1), 0.3)
            self.assertEqual((await do("stats"))["edge"]["swallowed"], 3)
            await do("open")
            with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(connection[0].readexactly(1), PATIENCE_S)

    async def test_delays_thins_and_slices_without_losing_a_byte(self):
        async with proxied() as (do, connect):
            connection = await connect()
            data = os.urandom(300)
            await do("delay", ms=100)
            began = time.monotonic()
            self.assertEqual(await said_back(connection, data), data)
            self.assertGreater(time.monotonic() - began, 0.2)  # there and back
            await do("open")
            connection = await connect()
            await do("slice", size=1)
            self.assertEqual(await said_back(connection, data), data)
            self.assertEqual((await do("stats"))["edge"]["sliced"], 2 * len(data))
            await do("open")
            connection = await connect()
            await do("rate", bytes=1000)
            began = time.monotonic()
            self.assertEqual(await said_back(connection, data), data)
            self.assertGreater(time.monotonic() - began, 0.15)

    async def test_resets_in_the_middle_of_what_is_said(self):
        async with proxied() as (do, connect):
            connection = await connect()
            await said_back(connection, b"one")
            await do("reset", after=2)
            connection[1].write(b"four")
            with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(connection[0].readexactly(4), PATIENCE_S)
            self.assertEqual((await do("stats"))["edge"]["resets"], 1)


if __name__ == "__main__":
    unittest.main()
