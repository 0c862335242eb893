"""I3: stock, its moves, what demands hold of it, the queue, and the shipments that take it out.

`stocks`, `demands` and `leftovers` look at the lists; `Queue` follows inventory's journal and
judges each gain of stock by who was waiting then.
"""
import heapq
from collections import defaultdict

from .exact import iso_week, quantity, show
from .result import Result
from .world import enum

PENDING = ("PLANNED", "PICKING", "PICKED", "PACKED")
ON_LIST = ("PICKING", "PICKED", "PACKED")
GONE = ("SHIPPED", "DELIVERED")


def stocks(w):
    """Each stock is the sum of its moves and of what demands hold; each move has its document."""
    r = Result("I3 stock and moves")
    moves = defaultdict(list)
    for m in w.moves.values():
        moves[m.product, m.warehouse].append(m)
    held = defaultdict(lambda: [0, 0, 0])
    for d in w.demands.values():
        for x in d.lines:
            if not x.unstocked:
                sums = held[x.product, x.warehouse]
                sums[0] += x.reserved
                sums[1] += x.backordered if d.state == "RELEASED" else 0
                sums[2] += x.allocated
    for s in w.stocks.values():
        key = s.product, s.warehouse
        r.same(s.product + "/" + s.warehouse, s.id, "stock's id")
        on_hand = blocked = 0
        chain = sorted(moves.pop(key, ()), key=lambda m: m.number)
        r.same(list(range(1, len(chain) + 1)), [m.number for m in chain], s.id, "numbers of moves")
        for m in chain:
            on_hand += m.delta
            blocked += m.blocked
            r.same(on_hand, m.after, s.id, "on hand after move", m.number)
            r.holds(0 <= blocked <= on_hand, s.id, "after move", m.number, "on hand", show(on_hand),
                    "blocked", show(blocked))
        r.same((on_hand, blocked, len(chain)), (s.on_hand, s.blocked, s.moves), s.id,
               "on hand, blocked, moves")
        reserved, backordered, allocated = held.pop(key, (0, 0, 0))
        r.same((reserved, backordered, allocated), (s.reserved, s.backordered, s.allocated), s.id,
               "reserved, backordered, allocated of demands")
        r.same(s.on_hand - s.blocked - s.reserved, s.available, s.id, "available")
        r.holds(0 <= s.allocated <= s.reserved <= s.on_hand - s.blocked, s.id, "on hand",
                show(s.on_hand), "blocked", show(s.blocked), "reserved", show(s.reserved),
                "allocated", show(s.allocated))
    for key, left in moves.items():
        r.bad("moves of", key, "and no stock:", len(left))
    for key, sums in held.items():
        r.holds(not sums[0], "reserved of", key, "and no stock:", show(sums[0]))
    _causes(r, w)
    return r


def _causes(r, w):
    """Moves out are what shipments took, moves in from customers what returns brought."""
    out, back = defaultdict(int), defaultdict(lambda: [0, 0])
    for m in w.moves.values():
        if m.kind == "SHIPMENT":
            s = w.shipments.get(m.reference)
            if r.holds(s is not None and s.state in GONE and m.order == s.order and m.delta < 0
                       and m.warehouse == s.warehouse, m.id, "left with", m.reference,
                       "which did not leave"):
                out[m.reference, m.product] -= m.delta
        elif m.kind in ("RETURN", "SCRAP"):
            back[m.reference, m.product][0] += m.delta
            back[m.reference, m.product][1] += m.blocked
            r.holds(m.reference in w.returns, m.id, "came back by", m.reference,
                    "which is not there")
        else:
            r.holds(m.kind in ("RECEIPT", "ADJUSTMENT"), m.id, "is of kind", m.kind)
            r.holds(m.kind != "RECEIPT" or m.delta > 0, m.id, "received", show(m.delta))
    for s in w.shipments.values():
        if s.state in GONE:
            shipped = defaultdict(int)
            for x in s.lines:
                r.same((x.quantity, x.quantity), (x.picked, x.shipped), s.number, "line", x.number,
                       "picked, shipped")
                if not x.unstocked:
                    shipped[x.product] += x.shipped
            for product, quantity_ in shipped.items():
                r.same(quantity_, out.pop((s.id, product), 0), s.number, product, "moved out")
        else:
            r.holds(not any(x.shipped for x in s.lines), s.number, s.state, "and shipped")
            if s.state in ("PICKED", "PACKED"):
                r.holds(all(x.picked == x.quantity for x in s.lines), s.number, s.state,
                        "and not picked whole")
    for key, quantity_ in out.items():
        r.bad("moved out", key, show(quantity_), "and no line says so")
    returned = defaultdict(int)
    for x in w.returns.values():
        s = w.shipments.get(x.shipment)
        if not r.holds(s is not None and s.order == x.order, x.id, "is of", x.shipment,
                       "which is not there"):
            continue
        products = {line.number: line for line in s.lines}
        stocked = defaultdict(lambda: [0, 0])
        for line in x.lines:
            returned[x.shipment, line.number] += line.quantity
            of = products.get(line.number)
            if of and not of.unstocked:
                into = stocked[of.product]
                into[0] += line.quantity if line.disposition != "SCRAP" else 0
                into[1] += line.quantity if line.disposition == "INSPECT" else 0
        for product, into in stocked.items():
            r.same(into, back.pop((x.id, product), [0, 0]), x.id, product, "back on hand, blocked")
    for key, into in back.items():
        r.holds(not any(into), "came back", key, into, "and no return says so")
    for s in w.shipments.values():
        for x in s.lines:
            r.same(returned.get((s.id, x.number), 0), x.returned, s.number, "line", x.number,
                   "returned")
            r.holds(x.returned <= x.shipped, s.number, "line", x.number, "returned beyond shipped")


def demands(w):
    """Each demand's figures, against its shipments and returns; nothing short that could be
    served."""
    r = Result("I3 demands and shipments")
    shipments = defaultdict(list)
    for s in w.shipments.values():
        shipments[s.order].append(s)
        r.holds(s.order in w.demands, s.number, "is for", s.order, "of which nothing is demanded")
    available = {(s.product, s.warehouse): s.available for s in w.stocks.values()}
    sequences = {}
    for d in w.demands.values():
        of = shipments.get(d.id, ())
        r.same(sorted(s.id for s in of), sorted(d.shipments), d.id, "shipments")
        shipped, returned, pending, listed = (defaultdict(int) for _ in range(4))
        for s in of:
            for x in s.lines:
                shipped[x.number] += x.shipped
                returned[x.number] += x.returned
                pending[x.number] += x.quantity if s.state in PENDING else 0
                listed[x.number] += x.quantity if s.state in ON_LIST else 0
        if d.sequence:
            r.holds(sequences.setdefault(d.sequence, d.id) == d.id, d.id, "and",
                    sequences[d.sequence], "have the same place in the queue")
        for x in d.lines:
            what = d.id, "line", x.number
            r.same(shipped[x.number], x.shipped, *what, "shipped")
            r.same(returned[x.number], x.returned, *what, "returned")
            r.same(x.ordered - x.shipped - x.released, x.open, *what, "open")
            r.holds(x.open >= 0 and x.reserved >= 0 and x.backordered >= 0
                    and x.reserved + x.backordered <= x.open, *what, "open", show(x.open),
                    "reserved",
                    show(x.reserved), "backordered", show(x.backordered))
            r.same(iso_week(x.requested), x.week, *what, "week")
            r.same(d.warehouse, x.warehouse, *what, "warehouse")
            p = w.products.get(x.product)
            if p is not None and not x.unplaceable:
                r.same(enum(p, "kind") == "SERVICE", x.unstocked, *what, "needs no stock")
            r.holds(not x.promised or x.open == x.reserved or x.unstocked, *what,
                    "promised for", x.promised, "and not reserved")
            r.same(listed[x.number], x.allocated, *what, "on pick lists")
            r.holds(pending[x.number] <= x.reserved or x.unstocked, *what, "planned to go",
                    show(pending[x.number]), "reserved", show(x.reserved))
            if d.state == "RELEASED" and not d.out_of_stock:
                if not d.held:
                    r.same(x.open, x.reserved + x.backordered, *what, "reserved and backordered")
                if d.delivery != "COMPLETE" and not d.held and not x.unplaceable:
                    r.same(x.reserved, pending[x.number], *what, "planned to go")
            if d.state == "CLOSED":
                r.same((0, 0, 0), (x.reserved, x.backordered, x.open), *what, "of a closed demand")
        if d.state == "CLOSED":
            r.holds(not any(s.state in PENDING for s in of), d.id, "is closed, a shipment is not")
        complete = all(not x.open for x in d.lines)
        if d.lines and complete and d.state == "RELEASED":
            r.holds(d.state == "CLOSED", d.id, "has nothing open and is", d.state)
        if d.state != "RELEASED":
            r.holds(not any(x.reserved for x in d.lines), d.id, d.state, "and holds stock")
            continue
        if d.out_of_stock:
            r.holds(d.backorder == "NO_BACKORDER" and not any(x.reserved for x in d.lines), d.id,
                    "is out of stock and holds stock, or may wait")
        elif d.backorder == "NO_BACKORDER" and not d.held:
            r.holds(not any(x.backordered for x in d.lines), d.id, "waits under NO_BACKORDER")
        elif not d.held:
            for x in d.lines:
                if x.backordered and not x.unplaceable and not x.unstocked:
                    r.holds(available.get((x.product, x.warehouse), 0) <= 0, d.id, "line", x.number,
                            "is short of", show(x.backordered), "while there is",
                            show(available.get((x.product, x.warehouse), 0)))
    return r


def leftovers(w):
    """No reservation and no commitment outlives its order; each order has one of each."""
    r = Result("I3 nothing outlives its order")
    for o in w.orders.values():
        if o.id in w.parked:
            continue
        d, c = w.demands.get(o.id), w.commitments.get(o.id)
        if not r.holds(d is not None, o.number, "is not in the demand schedule"):
            continue
        over = o.state in ("CLOSED", "CANCELLED")
        if over:
            r.same("CLOSED", d.state, o.number, o.state, "its demand")
        r.holds(c is not None, o.number, "never asked for credit")
        if c and over:
            r.same("CLOSED", c.state, o.number, o.state, "its commitment")
        elif c and not o.last_billed:
            r.same("OPEN", c.state, o.number, o.state, "its commitment")
    for key, records in (("demand", w.demands), ("commitment", w.commitments)):
        for order in records.keys() - w.orders.keys():
            r.bad("a", key, "of", order, "which is not there")
    return r


class Queue:
    """Follows inventory's journal. When a demand gains stock of a product, nobody who is ahead of
    it in the queue (priority, then place) still waits for that product once the command is done.

    A command's events stand together under its request id, or without one under its time.
    """

    def __init__(self):
        self.r = Result("I3 queue order")
        self.known = {}  # order → (rank, {line: (key, reserved, backordered)}, waits)
        self.waiting = defaultdict(dict)  # (product, warehouse) → {order: rank}
        self.heaps = defaultdict(list)  # the same by rank, with what no longer waits
        self.command, self.gains = None, {}
        self.moved = defaultdict(int)  # (product, warehouse) → number of the last move
        self.on_hand = {}

    def see(self, e, m, what, entity):
        short = entity.DESCRIPTOR.name
        if short == "StockMove":
            self._move(e, m.meta, what, entity)
            return
        if short != "Demand":
            return
        meta = m.meta
        command = meta.request_id or (meta.event_time.seconds, meta.event_time.nanos)
        if command != self.command:
            self._judge()
            self.command = command
        d = entity
        order = d.order_id
        rank = (-d.priority, d.sequence)
        waits = (d.state == 2 and not d.held and not d.out_of_stock and d.backorder_policy != 2)
        before = self.known.get(order)
        lines = {}
        for x in d.lines:
            if x.unstocked or x.unplaceable:
                continue
            key = x.product_id, x.warehouse
            reserved, backordered = quantity(x.reserved), quantity(x.backordered)
            old = before[1].get(x.line_number) if before else None
            if reserved > (old[1] if old else 0):
                self.gains[order, key] = rank
            lines[x.line_number] = key, reserved, backordered
        for key in {v[0] for v in before[1].values()} if before else ():
            self.waiting[key].pop(order, None)
        if waits:
            for key, _, backordered in lines.values():
                if backordered:
                    self.waiting[key][order] = rank
                    heapq.heappush(self.heaps[key], (rank, order))
        if d.state == 3:
            self.known.pop(order, None)
        else:
            self.known[order] = rank, lines

    def _judge(self):
        for (order, key), rank in self.gains.items():
            self.r.compared += 1
            first = self._first(key, order)
            if first and first[0] < rank:
                self.r.bad(order, "got stock of", key, "before", first[1], "which is ahead:",
                           first[0], "<", rank)
        self.gains = {}

    def _first(self, key, order):
        """Who waits first for stock of `key`, `order` itself aside; who no longer waits is
        dropped."""
        queue, waiting, own = self.heaps[key], self.waiting[key], None
        while queue:
            rank, other = queue[0]
            if waiting.get(other) != rank:
                heapq.heappop(queue)
            elif other == order and own is None:
                own = heapq.heappop(queue)
            elif other == order:
                heapq.heappop(queue)
            else:
                break
        first = queue[0] if queue else None
        if own:
            heapq.heappush(queue, own)
        return first

    def _move(self, e, meta, moved, x):
        """Told with each move: the stock after it, and its number, without a gap."""
        key, s = (x.product_id, x.warehouse), moved.stock
        self.r.same(self.moved[key] + 1, x.number, e.subject, "number of the move")
        self.moved[key] = x.number
        on_hand = self.on_hand.get(key, 0) + quantity(x.delta)
        self.on_hand[key] = on_hand
        self.r.same((on_hand, on_hand), (quantity(x.on_hand_after), quantity(s.on_hand)), e.subject,
                    "on hand after it")
        reserved = quantity(s.reserved)
        self.r.holds(0 <= reserved <= on_hand - quantity(s.blocked), e.subject, "on hand",
                     show(on_hand), "reserved", show(reserved), "blocked", s.blocked.value.value)
        self.r.holds(e.routing_key == x.product_id, e.subject, "is not keyed by its product")
        self.r.holds(meta.request_id or meta.cause_event_id or x.reference, e.subject,
                     "moved without a cause")

    def finish(self, w):
        self._judge()
        for key, on_hand in self.on_hand.items():
            s = w.stocks.get("%s/%s" % key)
            if self.r.holds(s is not None, key, "moved and is no stock"):
                self.r.same(on_hand, s.on_hand, s.id, "on hand by its events")
        return self.r
