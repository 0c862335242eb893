"""What a driver in Python needs to start servers on loopback."""
import os
import random
import socket

PORTS = (20000, 32000)  # outside the range that the kernel gives to clients


def free_port(taken=set()):
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        if port in taken:
            continue
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port


def clean_environment():
    """Without TANDEM_…: those are settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("TANDEM_")}
