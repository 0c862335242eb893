"""A real Tandem for a test: all services in one process, an empty store, a free loopback port."""
import os
import shutil
import subprocess
import tempfile
import threading

import grpc


class Server:
    """Use as a context. Ends with its context, by its pid, and removes what it kept."""

    def __init__(self, binary):
        self.binary = binary

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="tandem-contract-")
        self.errors = open(self.dir + "/stderr", "w+b")
        self.process = subprocess.Popen(
            [self.binary, "start", "--storage.dir=" + self.dir + "/data",
             "--server.listen=127.0.0.1:0"],
            # TANDEM_… are settings: a test's server has its own alone.
            env={k: v for k, v in os.environ.items() if not k.startswith("TANDEM_")},
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        watchdog = threading.Timer(60, self.process.kill)  # no ready line: readline would hang
        watchdog.start()
        line = self.process.stdout.readline().split()
        watchdog.cancel()
        if line[:2] != ["ready", "tandem"]:
            log = self.log_tail()
            self.__exit__(None, None, None)
            raise RuntimeError("the server did not start: %s\n%s" % (line, log))
        self.address = line[2]
        self.channel = self.connect()
        return self

    def connect(self):
        """Another connection."""
        return grpc.insecure_channel(self.address, options=[
            ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1),
            ("grpc.max_metadata_size", 1 << 20), ("grpc.absolute_max_metadata_size", 1 << 20),
            ("grpc.use_local_subchannel_pool", 1)])

    def alive(self):
        return self.process.poll() is None

    def log_tail(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")[-3000:]

    def __exit__(self, *_):
        if hasattr(self, "channel"):
            self.channel.close()
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        shutil.rmtree(self.dir, ignore_errors=True)
