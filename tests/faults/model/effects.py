"""I8: what one service keeps of another is what the other says: orders against inventory and
billing, and every read model recomputed from the owners of its facts.
"""
from collections import defaultdict

from .exact import date, line_net, micros, minor_unit, money, part_of, quantity, show
from .result import Result
from .world import enum


def orders(w):
    """Each order's figures, from inventory's demand, shipments and returns and billing's
    documents."""
    r = Result("I8 orders' figures")
    shipments, invoices = defaultdict(dict), defaultdict(dict)
    credits, returns = defaultdict(dict), defaultdict(dict)
    for s in w.shipments.values():
        if s.state in ("SHIPPED", "DELIVERED"):
            shipments[s.order][s.id] = s
    for i in w.invoices.values():
        invoices[i.order][i.id] = i
    for c in w.credit_notes.values():
        credits[c.order][c.id] = c
    for x in w.returns.values():
        returns[x.order][x.id] = x
    for o in w.orders.values():
        if o.id in w.parked:
            continue
        _lines(r, w, o, shipments[o.id], invoices[o.id], credits[o.id], returns[o.id])
        _statuses(r, w, o)
    return r


def _lines(r, w, o, shipments, invoices, credits, returns):
    what = o.number
    d = w.demands.get(o.id)
    wanted = {x.number: x for x in d.lines} if d else {}
    if d and d.revision:
        r.same((o.delivery, o.backorder), (d.delivery, d.backorder), what, "policies in inventory")
    shipped, invoiced, invoiced_net = (defaultdict(int) for _ in range(3))
    credited, credited_net, returned, back = (defaultdict(int) for _ in range(4))
    for s in shipments.values():
        for x in s.lines:
            shipped[x.number] += x.shipped
    for i in invoices.values():
        for x in i.lines:
            invoiced[x.number] += x.quantity
            invoiced_net[x.number] += x.net
    for c in credits.values():
        for x in c.lines:
            credited[x.number] += x.quantity
            credited_net[x.number] += x.net
    for x in returns.values():
        for line in x.lines:
            returned[line.number] += line.quantity
            back[x.shipment, line.number] += line.quantity
    for x in o.lines:
        of = wanted.get(x.number)
        if of is not None and o.state != "CANCELLED" and not of.unplaceable:
            r.same((of.product, of.ordered, of.unit, of.requested),
                   (x.product, x.ordered, x.base_unit, x.requested or o.date), what, "line",
                   x.number,
                   "product, ordered, unit, requested date of its demand")
            released = of.released if d.state == "CLOSED" else 0
            r.same(released, x.cancelled, what, "line", x.number, "cancelled")
            open_ = x.ordered - x.cancelled - x.shipped
            figures = (of.reserved, of.backordered, of.promised)
            # A held demand takes its place silently and reports when it is resumed.
            if open_ and d.state == "RELEASED" and not of.unstocked and not d.held:
                r.same(figures, (x.reserved, x.backordered, x.promised), what, "line", x.number,
                       "reserved, backordered, promised")
        if o.state in ("CLOSED", "CANCELLED"):
            r.same((0, 0), (x.reserved, x.backordered), what, "line", x.number,
                   "reserved, backordered of an order that is over")
        if o.state == "CANCELLED":
            r.same((x.ordered, 0), (x.cancelled, x.shipped), what, "line", x.number,
                   "cancelled, shipped")
        r.same((shipped[x.number], returned[x.number]), (x.shipped, x.returned), what, "line",
               x.number, "shipped, returned")
        r.holds(0 <= x.returned <= x.shipped <= x.ordered - x.cancelled
                and 0 <= x.credited <= x.invoiced <= x.shipped, what, "line", x.number, "ordered",
                x.ordered, "cancelled", x.cancelled, "shipped", x.shipped, "invoiced", x.invoiced)
        r.same((invoiced[x.number], invoiced_net[x.number]), (x.invoiced, x.invoiced_net), what,
               "line", x.number, "invoiced")
        r.same((credited[x.number], credited_net[x.number]), (x.credited, x.credited_net), what,
               "line", x.number, "credited")
    if o.freight:
        n = o.freight.number
        r.same((invoiced_net[n], credited_net[n]), (o.freight.invoiced_net, o.freight.credited_net),
               what, "freight invoiced, credited")
    # The documents that it recorded.
    r.same({s.id: (s.number, s.date) for s in shipments.values()},
           {s.id: (s.number, s.date) for s in o.shipments}, what, "shipments")
    r.same({(s.id, x.number): (x.shipped, back[s.id, x.number]) for s in shipments.values()
            for x in s.lines if x.shipped},
           {(x.shipment, x.line): (x.quantity, x.returned) for x in o.shipment_lines if x.quantity},
           what, "shipped and returned by shipment")
    r.same({i.id: (i.number, i.shipment, i.net, i.total, i.open) for i in invoices.values()},
           {i.id: (i.number, i.shipment, i.net, i.total, i.open) for i in o.invoices}, what,
           "invoices")
    for i in o.invoices:
        of = invoices.get(i.id)
        if of:
            r.holds(i.date in (of.date, of.posting), what, i.number,
                    "dated", i.date)
            r.holds(i.version <= of.version, what, i.number, "knows version", i.version)
    r.same({x.id: (x.shipment, x.date) for x in returns.values()},
           {x.id: (x.shipment, x.date) for x in o.returns}, what, "returns")
    r.same({c.id: (c.number, c.net, c.total) for c in credits.values()},
           {c.id: (c.number, c.net, c.total) for c in o.credit_notes}, what, "credit notes")


def _statuses(r, w, o):
    """The statuses that screens show, and what must have been done in quiet."""
    what = o.number
    stands = [x.ordered - x.cancelled for x in o.lines]
    open_ = sum(s - x.shipped for s, x in zip(stands, o.lines))
    shipped, reserved = sum(x.shipped for x in o.lines), sum(x.reserved for x in o.lines)
    status = ("SHIPPED" if shipped and not open_ else "PARTLY_SHIPPED" if shipped else
              "OPEN" if not reserved else "RESERVED" if reserved == open_ else "PARTLY_RESERVED")
    r.same(status, o.fulfilment, what, "fulfilment")
    all_invoiced = all(x.invoiced == s for x, s in zip(o.lines, stands)) and bool(o.invoices)
    settled = all(i.open == 0 for i in o.invoices)
    something = any(i.open < i.total for i in o.invoices)
    if not o.invoices:
        billing = "NONE"
    elif all_invoiced and settled:
        billing = "PAID"
    elif something:
        billing = "PARTLY_PAID"
    else:
        billing = "INVOICED" if all_invoiced else "PARTLY_INVOICED"
    r.same(billing, o.billing, what, "billing status")
    r.holds(not o.cancel_requested, what, "is still to be cancelled")
    d, c = w.demands.get(o.id), w.commitments.get(o.id)
    if o.state == "CONFIRMED":
        done = not open_ and all_invoiced and settled and not any(
            x.invoiced != x.shipped for x in o.lines)
        r.holds(not done, what, "is shipped, invoiced and settled, and not closed")
    if o.state == "PLACED":
        r.holds(o.holds or (d and d.state == "RECORDED" and c and c.waiting is not None), what,
                "is placed, nothing holds it, and it is not confirmed")
    if o.state in ("PLACED", "CONFIRMED") and c:
        credit_hold = any(h.reason == "CREDIT" for h in o.holds)
        r.same(c.waiting is not None and c.state == "OPEN", credit_hold, what, "hold CREDIT")
        if o.gross and c.waiting is None:
            # Given credit is told by the confirmation; an order held from the start waits for that.
            r.holds(o.credit in ("APPROVED", "OVERRIDDEN") or (
                o.credit == "PENDING" and o.state == "PLACED" and o.holds), what, "credit",
                o.credit,
                "and nothing waits")
        if c.waiting is not None:
            r.same("REFUSED", o.credit, what, "credit status")
    if o.state in ("PLACED", "CONFIRMED") and d and d.state != "CLOSED":
        r.same(bool(o.holds), d.held, what, "held in inventory")
        r.same((o.revision,), (d.revision,), what, "revision in inventory")
    if o.quote:
        q = w.quotes.get(o.quote)
        if r.holds(q is not None, what, "came of the quote", o.quote, "which is not there"):
            r.same(("ORDERED", o.id, o.number, o.quote_version),
                   (enum(q, "state"), q.order_id, q.order_number, q.quote_version), what,
                   "its quote")
            r.same({x.line_number: (x.product_id, money(x.net), money(x.unit_price),
                                    quantity(x.quantity), x.quantity.unit, micros(x.discount.value))
                    for x in q.lines},
                   {x.number: (x.product, x.ordered_net, x.price, x.asked, x.unit, x.discount)
                    for x in o.lines}, what, "lines of its quote")


def quotes(w):
    """What a customer accepted is an order: each accepted version, exactly one."""
    r = Result("I8 accepted quotes are orders")
    of = defaultdict(list)
    for o in w.orders.values():
        if o.quote:
            of[o.quote].append(o)
    for q in w.quotes.values():
        state = enum(q, "state")
        if state in ("ACCEPTED", "ORDERED"):
            r.same(1, len(of.get(q.id, ())), q.display_number, "orders")
            r.same("ORDERED", state, q.display_number, "state")
        else:
            r.same(0, len(of.get(q.id, ())), q.display_number, state, "orders")
        if state in ("ISSUED", "ACCEPTED", "ORDERED"):
            _quote_nets(r, q)
        if q.opportunity_id and state in ("ACCEPTED", "ORDERED"):
            p = w.opportunities.get(q.opportunity_id)
            r.holds(p is not None and enum(p, "state") in ("WON", "OPEN", "LOST"),
                    q.display_number, "has no opportunity")
            if p is not None and enum(p, "state") == "WON" and p.won_quote_id == q.id:
                r.same(q.order_id, p.order_id, q.display_number, "order of its opportunity")
    return r


def _quote_nets(r, q):
    unit = minor_unit(q.currency)
    total = money(q.freight.net) if q.HasField("freight") else 0
    for x in q.lines:
        if x.quantity.unit == x.price_per.unit:
            r.same(line_net(quantity(x.quantity), money(x.unit_price), quantity(x.price_per),
                            micros(x.discount.value), unit), money(x.net), q.display_number, "line",
                   x.line_number, "net")
        total += money(x.net)
    r.same(total, money(q.net_total), q.display_number, "net total")


# --- read models --------------------------------------------------------------------------------


def facts(w, versions):
    """Order's and opportunity's facts: each is its owner's record, at its newest version."""
    r = Result("I8 facts")
    newest = versions.get(("inventory", "product"), {})
    for p in w.products.values():
        f = w.product_facts.get(p.id)
        if not r.holds(f is not None, p.id, "is no fact of order"):
            continue
        r.same(newest.get(p.id, f.source_version), f.source_version, p.sku, "version")
        r.same((p.sku, enum(p, "state"), p.base_unit, p.tax_class, enum(p, "kind") if p.kind
                else f.kind), (f.sku, enum(f, "state"), f.base_unit, f.tax_class, f.kind), p.id,
               "sku, state, unit, tax class, kind")
        r.holds(f.name in p.names.values() or not p.names, p.sku, "name", f.name)
        r.same({(u.unit, u.numerator, u.denominator) for u in p.units},
               {(u.unit, u.numerator, u.denominator) for u in f.units}, p.sku, "units")
        r.same((money(p.list_price.amount), p.list_price.amount.currency_code),
               (money(f.list_price), f.list_price.currency_code), p.sku, "list price")
    newest = versions.get(("billing", "customer"), {})
    for c in w.debtors_customers.values():
        f = w.customer_facts.get(c.id)
        if not r.holds(f is not None and f.known, c.id, "is no fact of order"):
            continue
        r.same(newest.get(c.id, f.source_version), f.source_version, c.id, "version")
        blocked = c.order_block.on or enum(c, "status") == "INACTIVE" or c.archived
        # Not said is PARTIAL, in the end.
        r.same((c.customer_number, c.display_name, blocked,
                enum(c, "delivery_policy") == "COMPLETE",
                c.account_id), (f.customer_number, f.display_name, f.blocked,
                                enum(f, "delivery_policy") == "COMPLETE", f.account_id), c.id,
               "number, name, blocked, delivered complete, account")
        for purpose, shown in (("SHIP_TO", f.ship_to_address), ("BILL_TO", f.bill_to_address)):
            of = [a.address for a in c.addresses if enum(a, "purpose") == purpose]
            if of:
                r.holds(shown in of, c.id, purpose, "address")
    newest = versions.get(("billing", "debtor_account"), {})
    for a in w.accounts.values():
        f = w.account_facts.get(a.id)
        if r.holds(f is not None, a.id, "is no fact of order"):
            r.same((a.customer, a.currency, a.state == "CLOSED",
                    newest.get(a.id, f.source_version)),
                   (f.customer_id, f.currency, f.closed, f.source_version), a.id,
                   "customer, currency, closed, version")
            r.same(a.order_blocked, f.blocked, a.id, "blocked")
    rates = {t.tax_class: t for t in w.tax_codes.values() if t.tax_class and not t.retired}
    for t in rates.values():
        f = w.tax_facts.get(t.tax_class)
        if r.holds(f is not None, t.id, "is no fact of order"):
            r.same((t.id, t.rate.value), (f.tax_code, f.rate.value), t.tax_class, "code and rate")
    newest = versions.get(("customer", "customer"), {})
    for c in w.customers.values():
        f = w.sales_facts.get(c.id)
        if not r.holds(f is not None, c.id, "is no fact of opportunity"):
            continue
        r.same((c.customer_number, c.display_name, enum(c, "state") == "CUSTOMER", c.archived,
                False,
                newest.get(c.id, f.source_version)),
               (f.customer_number, f.display_name, f.customer, f.archived, f.deleted,
                f.source_version), c.id, "number, name, customer, archived, deleted, version")
        r.same(c.inactive or c.order_block.on or c.archived, f.blocked, c.id, "blocked")
    for key in w.product_facts.keys() - w.products.keys():
        r.bad(key, "is a fact of order and no product")
    return r


def standings(w):
    """customer's credit standing: each account as billing has it."""
    r = Result("I8 credit standing")
    accounts = defaultdict(dict)
    for s in w.standings.values():
        for a in s.accounts:
            accounts[s.id][a.account_id] = a
    for a in w.accounts.values():
        s = accounts[a.customer].pop(a.id, None)
        if not r.holds(s is not None, a.id, "is not in the standing of", a.customer):
            continue
        e = w.exposures.get(a.id)
        figures = (e.exposure, e.receivable - e.unapplied, e.committed, e.waiting, e.open_invoices,
                   e.sequence) if e else (0, 0, 0, 0, 0, 0)
        # Its figures come with events; an account that nothing happened to has none.
        r.same(figures[:5], (money(s.exposure), money(s.position), money(s.committed), s.waiting,
                             s.open_invoices), a.id, "exposure, position, committed, waiting, open")
        r.same((a.number, a.currency, a.state == "CLOSED", a.order_blocked, a.version),
               (s.debtor_number, s.currency, s.closed, s.order_block.on, s.account_version), a.id,
               "number, currency, closed, blocked, version")
        limit = money(s.limit) if s.policy != 2 else None
        r.same(a.limit, limit, a.id, "limit")
        if limit is not None:
            r.same(limit - money(s.exposure), money(s.headroom), a.id, "headroom")
        else:
            r.holds(not s.HasField("headroom"), a.id, "has headroom and no limit")
    for customer, left in accounts.items():
        for account in left:
            r.bad(account, "is in the standing of", customer, "and not its account")
    return r


def dealings(w):
    """customer's dealings: each document of the other services, and the sums of each customer."""
    r = Result("I8 dealings")
    expected = {}
    owner = {a.id: a.customer for a in w.accounts.values()}
    for q in w.quotes.values():
        state = enum(q, "state")
        # Issued at some time; a draft may be withdrawn.
        if state != "DRAFT" and (q.HasField("valid_until") or state != "WITHDRAWN"):
            gone = state in ("DECLINED", "EXPIRED", "SUPERSEDED", "WITHDRAWN")
            expected[q.id] = (q.customer_id, "QUOTE", q.display_number, state,
                              date(q.quote_date) or None, None if gone else money(q.net_total),
                              q.currency, None)
    for o in w.orders.values():
        expected[o.id] = (o.sold_to, "ORDER", o.number, o.state, o.date,
                          0 if o.state == "CANCELLED" else o.gross, o.currency, None)
    for i in w.invoices.values():
        expected[i.id] = (owner.get(i.account), "INVOICE", i.number, i.settlement, i.date, i.total,
                          i.currency, i.open)
    for c in w.credit_notes.values():
        expected[c.id] = (owner.get(c.account), "CREDIT_NOTE", c.number, "POSTED", c.date, c.total,
                          c.currency, c.unapplied)
    for p in w.payments.values():
        live = p.state == "RECEIVED"
        expected[p.id] = (owner.get(p.account), "PAYMENT", "", p.state, p.date,
                          p.amount if live else 0, p.currency, p.unapplied if live else 0)
    counts = defaultdict(lambda: [0, 0, 0, 0, 0])
    sums = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    first, last = {}, {}
    kinds = ("QUOTE", "ORDER", "INVOICE", "CREDIT_NOTE", "PAYMENT")
    for key, (customer, kind, number, state, day, amount, currency, open_) in expected.items():
        counts[customer][kinds.index(kind)] += 1
        if kind != "QUOTE":
            sums[customer][currency][kinds.index(kind) - 1] += amount
        if kind == "ORDER":
            first[customer] = min(first.get(customer, day), day)
            last[customer] = max(last.get(customer, day), day)
        d = w.dealings.get(key)
        if not r.holds(d is not None, kind, key, number, "is not in the dealings of", customer):
            continue
        r.same((customer, kind, number, state), (d.customer_id, enum(d, "kind"), d.number, d.state),
               key, "customer, kind, number, state")
        if day is not None:
            r.same(day, date(d.document_date), key, "date")
        if amount is not None:
            r.same((amount, currency), (money(d.amount), d.amount.currency_code or currency), key,
                   "amount")
        if open_ is not None:
            r.same(open_, money(d.open_amount), key, "open amount")
    for key in w.dealings.keys() - expected.keys():
        r.bad(key, "is in the dealings and is no document")
    for customer, have in counts.items():
        h = w.histories.get(customer)
        if not r.holds(h is not None, customer, "has documents and no dealings history"):
            continue
        r.same(have, [h.quotes, h.orders, h.invoices, h.credit_notes, h.payments], customer,
               "how many documents")
        shown = {t.currency: [money(t.ordered), money(t.invoiced), money(t.credited), money(t.paid)]
                 for t in h.totals}
        r.same({k: v for k, v in sums[customer].items() if any(v)},
               {k: v for k, v in shown.items() if any(v)}, customer, "totals")
        r.same((first.get(customer, 0), last.get(customer, 0)),
               (date(h.first_order_date), date(h.last_order_date)), customer,
               "first and last order")
    for customer in w.histories.keys() - counts.keys():
        h = w.histories[customer]
        r.holds(not (h.orders or h.invoices or h.payments or h.quotes or h.credit_notes), customer,
                "has a dealings history and no document")
    return r


def results(w):
    """opportunity's results of orders, and their sums by opportunity."""
    r = Result("I8 results of orders")
    invoiced, credited, collected = (defaultdict(int) for _ in range(3))
    order_of = {}
    for i in w.invoices.values():
        order_of[i.id] = i.order
        invoiced[i.order] += i.net
    for c in w.credit_notes.values():
        credited[c.order] += c.net
    for p in w.payments.values():
        if p.state == "RECEIVED":
            for invoice, amount in p.applications:
                collected[order_of.get(invoice)] += amount
    sums = defaultdict(lambda: [0, defaultdict(lambda: [0] * 5)])
    for o in w.orders.values():
        x = w.order_results.get(o.id)
        if not r.holds(x is not None, o.number, "has no result"):
            continue
        unit = minor_unit(o.currency)
        shipped = sum(part_of(x_.ordered_net, x_.shipped, x_.ordered, unit) for x_ in o.lines)
        freight = o.freight.billed_net if o.freight else 0
        booked = 0 if o.state == "CANCELLED" else o.net
        q = w.quotes.get(o.quote)
        opportunity = q.opportunity_id if q is not None else ""
        figures = (booked, invoiced[o.id], credited[o.id], collected[o.id])
        t = x.total
        r.same(figures, (money(t.booked), money(t.invoiced), money(t.credited), money(t.collected)),
               o.number, "booked, invoiced, credited, collected")
        r.holds(money(t.shipped) in (shipped, shipped + freight), o.number, "shipped",
                show(shipped),
                "shown", show(money(t.shipped)))
        r.same((o.number, o.quote, o.state == "CANCELLED"),
               (x.order_number, x.quote_id, x.cancelled), o.number, "number, quote, cancelled")
        if opportunity:
            r.same(opportunity, x.opportunity_id, o.number, "opportunity")
        if x.opportunity_id:
            into = sums[x.opportunity_id]
            into[0] += 1
            for n, v in enumerate((booked, money(t.shipped), *figures[1:])):
                into[1][o.currency][n] += v
    for opportunity, (count, by_currency) in sums.items():
        x = w.results.get(opportunity)
        if not r.holds(x is not None, opportunity, "has orders and no results"):
            continue
        shown = {t.currency: [money(t.booked), money(t.shipped), money(t.invoiced),
                              money(t.credited),
                              money(t.collected)] for t in x.totals}
        r.same((count, {k: v for k, v in by_currency.items() if any(v)}),
               (x.orders, {k: v for k, v in shown.items() if any(v)}), opportunity, "results")
    for opportunity, x in w.results.items():
        r.holds(opportunity in sums or not x.orders, opportunity, "has results and no orders")
    return r


def parked(w, keys):
    """Nothing waits in quarantine: each key that a reader stopped at, by name. What follows for its
    order is not told again by the other checks of orders."""
    r = Result("I8 nothing is parked")
    r.compared = 1
    for key in keys:
        r.bad(key.id, key.reason, key.message, "events:", key.event_count)
        w.parked.add(key.key)
    return r
