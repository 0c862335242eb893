"""Runs of the generator and the limits, with what each process used meanwhile; and the requests
that the generator sends, made here once, with the places that it fills anew for each call."""
import json
import os
import random
import re
import struct
import subprocess

from machine import _stat, clean_environment, wait_for
from world import CURRENCY, TAX_PERCENT, date, money, path, price, quantity, request, ulid

UUID = "00000000-0000-4000-8000-0000f111ed00"
TOKEN = "EDIT" + "7" * 12
ORDER = "ord_" + "0" * 20 + "f111ed"
SHIPMENT = "shp_" + "0" * 20 + "f111ed"
# (place, what stands there in the request as made, how many bytes of it are no part of the place)
PLACES = [(1, UUID, 0), (2, TOKEN, 4), (3, ORDER, 0), (4, SHIPMENT, 0)]


def write_requests(file, requests):
    """`requests`: (value, message). The form is told in load/requests.h."""
    with open(file, "wb") as out:
        for value, message in requests:
            data = message.SerializeToString()
            places = [(kind, found.start() + skip) for kind, text, skip in PLACES
                      for found in re.finditer(re.escape(text.encode()), data)]
            out.write(struct.pack("<qI", value, len(places)))
            for place in places:
                out.write(struct.pack("<II", *place))
            out.write(struct.pack("<I", len(data)) + data)
    return file


class Orders:
    """Orders of two lines, some thousand different ones: what they are worth is known."""

    def __init__(self, customers, products, count=4096, hot=0, seed=1):
        draw = random.Random(seed)
        self.orders = []
        for _ in range(count):
            lines = [(p, draw.randint(1, 9))
                     for p in draw.sample(range(1, (hot or products) + 1), 2)]
            self.orders.append((draw.randint(1, customers), draw.randint(0, 300), lines))

    @staticmethod
    def net(order):
        return sum(price(product) * pieces for product, pieces in order[2])

    @classmethod
    def gross(cls, order):
        return cls.net(order) * (100 + TAX_PERCENT) // 100

    def place(self, order, order_id=""):
        buyer, day, lines = order
        return dict(order_id=order_id, request_id=UUID, order=dict(
            sold_to_customer_id=ulid("cus", buyer), order_date=date(day),
            requested_date=date(day), currency=CURRENCY,
            lines=[dict(line_number=n, product_id=ulid("prd", p), quantity=quantity(pieces),
                        unit_price=money(price(p))) for n, (p, pieces) in enumerate(lines, 1)]))

    def singles(self, order_id=""):
        return [(self.net(o), request("OrderService.PlaceOrder", **self.place(o, order_id)))
                for o in self.orders]

    def batches(self, size):
        groups = [self.orders[i:i + size] for i in range(0, len(self.orders) - size + 1, size)]
        return [(sum(map(self.net, group)), request(
            "OrderService.BatchPlaceOrder", requests=[self.place(o) for o in group]))
            for group in groups]

    def payments(self):
        return [(0, request("BillingService.RecordPayment", payer_customer_id=ulid("cus", o[0]),
                            amount=money(self.gross(o)), payment_date=date(o[1]), order_id=ORDER,
                            request_id=UUID)) for o in self.orders]

    @staticmethod
    def shipments():
        return [(0, request("InventoryService.ShipShipment", shipment_id=SHIPMENT,
                            ship_date=date(1), carrier="Road", request_id=UUID))]


class Runner:
    """Runs a program beside the machine's processes and tells what each used."""

    def __init__(self, machine, bin_dir, profiles=None):
        self.machine, self.bin, self.profiles = machine, bin_dir, profiles
        self.profile_count = 0

    def file(self, name):
        return os.path.join(self.machine.folder, name)

    def run(self, program, mode, name="client", profile=None, **flags):
        """The program's figures as it tells them, with `cpu` (seconds by process) and `rss` (MB)
        of what it measured, its own CPU time under `name`."""
        argv = ["setpriv", "--pdeathsig=KILL", os.path.join(self.bin, program), mode]
        argv += ["--%s=%s" % (k.replace("_", "-"), v) for k, v in flags.items() if v is not None]
        with open(self.machine.log(program), "ab") as log:
            popen = subprocess.Popen(
                argv, stdout=subprocess.PIPE, stderr=log, env=clean_environment())
        before = after = perf = None
        told = {}
        for line in popen.stdout:
            line = line.decode().strip()
            if line == "begin":
                before = self._figures(popen.pid, name)
                perf = self._perf(profile)
            elif line == "end":
                after = self._figures(popen.pid, name)
                if perf:
                    self._perf_report(perf)
                told["rss"] = self.machine.rss()
            elif line.startswith("{"):
                told.update(json.loads(line))
        code = popen.wait()
        if code != 0 and "sent" not in told:
            raise RuntimeError("%s %s ended with %d: see %s" % (
                program, mode, code, self.machine.log(program)))
        if before and after:
            told["cpu"] = {k: after[k] - before.get(k, 0.0) for k in after}
        return told

    def _figures(self, pid, name):
        stat = _stat(pid)
        return {**self.machine.cpu(), name: stat[1] if stat else 0.0}

    def call(self, address, method, requests, **flags):
        return self.run("bench_load", "call", address=address, method=path(method),
                        requests=requests, **flags)

    # --- pgbench --------------------------------------------------------------------------------

    def pgbench(self, url, script, clients, seconds):
        """Transactions a second and their mean latency."""
        postgres = self.machine.running["postgres"]
        before, others = self.machine.cpu(), postgres.sessions(url)
        told = subprocess.run(
            ["setpriv", "--pdeathsig=KILL", _pg("pgbench"), "-n", "-M", "prepared", "-f", script,
             "-c", str(clients), "-j", str(min(2, clients)), "-T", str(max(1, round(seconds))), url],
            check=True, capture_output=True, env=clean_environment()).stdout.decode()
        # What its sessions used is the server's own when they have ended.
        wait_for(lambda: postgres.sessions(url) <= others, "the end of pgbench's sessions")
        after = self.machine.cpu()
        return dict(per_second=float(re.search(r"^tps = ([0-9.]+)", told, re.M).group(1)),
                    accepted=int(re.search(r"actually processed: (\d+)", told).group(1)),
                    latency=dict(mean_us=1000 * float(
                        re.search(r"latency average = ([0-9.]+)", told).group(1))),
                    cpu={k: after[k] - before[k] for k in after if k in before})

    # --- profiles -------------------------------------------------------------------------------

    def _perf(self, name):
        """perf over the whole machine while the run lasts; its report stands beside the data."""
        if not self.profiles or not name:
            return None
        os.makedirs(self.profiles, exist_ok=True)
        base = os.path.join(self.profiles, name)
        popen = subprocess.Popen(["perf", "record", "-a", "-g", "-F", "299", "-o", base + ".data"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return popen, base

    @staticmethod
    def _perf_report(perf):
        popen, base = perf
        popen.send_signal(2)
        popen.wait()
        for ending, sort in (("processes", "comm"), ("functions", "comm,dso,symbol")):
            with open("%s.%s.txt" % (base, ending), "wb") as out:
                subprocess.run(["perf", "report", "-i", base + ".data", "--stdio", "--no-children",
                                "-g", "none", "--percent-limit", "0.2", "--sort", sort],
                               stdout=out, stderr=subprocess.DEVNULL)


def _pg(name):
    folders = sorted(f for f in os.listdir("/usr/lib/postgresql"))
    return "/usr/lib/postgresql/%s/bin/%s" % (folders[-1], name)


def psql(url, *args, stdin=None):
    subprocess.run([_pg("psql"), "-q", "-v", "ON_ERROR_STOP=1", url, *args], check=True,
                   stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   env=clean_environment())

