"""I2: the books, the documents, part invoices, payments, credit notes, exposure, numbers.

`documents`, `books`, `numbers`, `parts`, `exposures` look at the lists; `Promises` follows
billing's journal and judges each promise of credit by the figures and the limit that held when it
was made.
"""
import re
from collections import defaultdict

from .exact import add_days, line_net, minor_unit, money, part_of, show, tax_of
from .result import Result

NUMBER = re.compile(r"(INV|CRN)-(\d{4})-(\d{6,})$")


def documents(w):
    """Every invoice, credit note and payment, by itself and against the others."""
    r = Result("I2 documents")
    for code in w.twice:
        r.bad("listed twice:", code)
    credits = defaultdict(list)
    for c in w.credit_notes.values():
        credits[c.invoice].append(c)
    paid = defaultdict(int)
    for p in w.payments.values():
        _payment(r, w, p)
        if p.state == "RECEIVED":
            for invoice, amount in p.applications:
                paid[invoice] += amount
                i = w.invoices.get(invoice)
                r.holds(i is not None and i.account == p.account and i.currency == p.currency,
                        p.id, "settles", invoice, "which is not its account's")
    for i in w.invoices.values():
        _invoice(r, w, i, credits.get(i.id, ()), paid.get(i.id, 0))
    for c in w.credit_notes.values():
        _credit_note(r, w, c)
    return r


def _amounts(r, what, unit, *amounts):
    for amount in amounts:
        r.holds(amount % unit == 0, what, show(amount), "is not a multiple of the minor unit")


def _taxes(r, what, lines, taxes, unit):
    """The base of each code and rate is the sum of its nets."""
    bases = defaultdict(int)
    for x in lines:
        bases[x.tax_code, x.tax_rate] += x.net
    stated = {(t.code, t.rate): t.base for t in taxes}
    r.same(len(taxes), len(stated), what, "taxes by code and rate")
    r.same({k: b for k, b in bases.items() if b or k in stated}, stated, what, "bases")


def _invoice(r, w, i, credits, paid):
    unit, what = minor_unit(i.currency), i.number or i.id
    account = w.accounts.get(i.account)
    if r.holds(account is not None, what, "has no account", i.account):
        r.same(account.currency, i.currency, what, "currency")
    _amounts(r, what, unit, i.net, i.tax, i.total, i.open, i.credited, *(x.net for x in i.lines),
             *(t.tax for t in i.taxes))
    r.holds(all(x.net >= 0 for x in i.lines), what, "has a negative net")
    r.same(sum(x.net for x in i.lines), i.net, what, "net")
    _taxes(r, what, i.lines, i.taxes, unit)
    for t in i.taxes:
        r.same(tax_of(t.base, t.rate, unit), t.tax, what, "tax", t.code)
    r.same(sum(t.tax for t in i.taxes), i.tax, what, "tax")
    r.same(i.net + i.tax, i.total, what, "total")
    # What was credited since.
    r.same(sum(c.total for c in credits), i.credited, what, "credited")
    lines, bases, taxes = defaultdict(int), defaultdict(int), defaultdict(int)
    for c in credits:
        for x in c.lines:
            lines[x.number] += x.net
        for t in c.taxes:
            bases[t.code, t.rate] += t.base
            taxes[t.code, t.rate] += t.tax
    for x in i.lines:
        r.same(lines.pop(x.number, 0), x.credited, what, "line", x.number, "credited")
        r.holds(x.credited <= x.net, what, "line", x.number, "credited beyond its net")
    r.holds(not lines, what, "is credited for lines it has not", dict(lines))
    for t in i.taxes:
        key = t.code, t.rate
        r.same(bases[key], t.credited_base, what, "credited base", t.code)
        r.same(taxes[key], t.credited_tax, what, "credited tax", t.code)
        # Cumulated, so that credit of everything ends at 0.00.
        r.same(tax_of(t.credited_base, t.rate, unit), t.credited_tax, what,
               "credited tax of the credited base", t.code)
    # What is open: no more can be settled than there is.
    applied = sum(c.applied for c in credits)
    r.same(i.total - paid - applied, i.open, what, "open amount")
    r.holds(0 <= i.open <= i.total, what, "open amount out of bounds", show(i.open))
    r.same("SETTLED" if i.open == 0 else "OPEN" if i.open == i.total else "PARTLY", i.settlement,
           what, "settlement")
    r.same(add_days(i.date, i.net_days), i.due, what, "due date")
    _posted(r, w, what, i.date, i.posting)


def _posted(r, w, what, date, posting):
    """The document's day, or a later one where its month was closed at some time."""
    month = "%04d-%02d" % (date // 10000, date // 100 % 100)
    r.holds(posting == date or (posting > date and month in w.periods and posting % 100 == 1), what,
            "dated", date, "stands in the books on", posting)


def _credit_note(r, w, c):
    unit, what = minor_unit(c.currency), c.number or c.id
    i = w.invoices.get(c.invoice)
    if not r.holds(i is not None, what, "corrects", c.invoice, "which is not there"):
        return
    r.same((i.order, i.shipment, i.account, i.currency),
           (c.order, c.shipment, c.account, c.currency),
           what, "order, shipment, account, currency of its invoice")
    _amounts(r, what, unit, c.net, c.tax, c.total, c.applied, c.unapplied,
             *(x.net for x in c.lines))
    billed = {x.number: x for x in i.lines}
    for x in c.lines:
        of = billed.get(x.number)
        # Of goods that came back no more is credited than allowances left of them: maybe nothing.
        least = 0 if c.return_id else unit
        if r.holds(of is not None and x.net >= least, what, "line", x.number,
                   "credits nothing billed"):
            r.same((of.tax_code, of.tax_rate), (x.tax_code, x.tax_rate), what, "line", x.number,
                   "tax")
    r.same(sum(x.net for x in c.lines), c.net, what, "net")
    _taxes(r, what, c.lines, c.taxes, unit)
    for t in c.taxes:
        r.holds(abs(tax_of(t.base, t.rate, unit) - t.tax) <= unit, what, "tax", t.code, show(t.tax),
                "of", show(t.base))
    r.same(sum(t.tax for t in c.taxes), c.tax, what, "tax")
    r.same(c.net + c.tax, c.total, what, "total")
    r.same(c.total, c.applied + c.unapplied, what, "applied and unapplied")
    r.holds(c.applied >= 0 and c.unapplied >= 0, what, "applied", c.applied, "unapplied",
            c.unapplied)
    r.same("RETURN" if c.return_id else "ALLOWANCE", c.reason, what, "reason")
    if c.unapplied:
        r.holds(i.open == 0, what, "has credit on account while", i.number, "is open")
    _posted(r, w, what, c.date, c.posting)


def _payment(r, w, p):
    account = w.accounts.get(p.account)
    if r.holds(account is not None, p.id, "has no account", p.account):
        r.same(account.currency, p.currency, p.id, "currency")
    _amounts(r, p.id, minor_unit(p.currency), p.amount, p.applied, p.unapplied,
             *(a for _, a in p.applications))
    r.holds(p.amount > 0 and all(a > 0 for _, a in p.applications), p.id, "amounts above 0")
    applied = sum(a for _, a in p.applications)
    if p.state == "RECEIVED":
        r.same(applied, p.applied, p.id, "applied")
        r.same(p.amount, p.applied + p.unapplied, p.id, "applied and unapplied")
        r.holds(p.unapplied >= 0, p.id, "applied beyond its amount")
    else:
        r.same("REVERSED", p.state, p.id, "state")
        r.holds(applied <= p.amount, p.id, "had applied beyond its amount")
        r.same((0, 0), (p.applied, p.unapplied), p.id, "settles after its reversal")
    _posted(r, w, p.id, p.date, p.posting)


def books(w):
    """Each ledger entry balances and is what its document says; each document has its entry; the
    receivables of a debtor are its open items; the trial balance is the sum."""
    r = Result("I2 books")
    debits, credits = defaultdict(int), defaultdict(int)
    ledger = defaultdict(lambda: [0, 0])
    receivables = defaultdict(int)
    for e in w.entries.values():
        sides = defaultdict(lambda: [0, 0])
        for p in e.postings:
            r.holds(p.debit >= 0 and p.credit >= 0 and not (p.debit and p.credit), e.id,
                    "posting of", p.ledger, "is a debit and a credit, or negative")
            _amounts(r, e.id, minor_unit(p.currency), p.debit, p.credit)
            sides[p.currency][0] += p.debit
            sides[p.currency][1] += p.credit
            debits[p.currency] += p.debit
            credits[p.currency] += p.credit
            ledger[p.ledger, p.currency][0] += p.debit
            ledger[p.ledger, p.currency][1] += p.credit
            if p.ledger == "1200":
                r.holds(p.account, e.id, "a receivable without a debtor")
                receivables[p.account] += p.debit - p.credit
        for currency, (debit, credit) in sides.items():
            r.same(debit, credit, e.id, "debits and credits in", currency)
    for currency in debits.keys() | credits.keys():
        r.same(debits[currency], credits[currency], "all debits and credits in", currency)
    _posted_documents(r, w)
    for a in w.accounts.values():
        open_items = open_items_of(w)[a.id]
        r.same(open_items, receivables.pop(a.id, 0), a.id, "1200 against open items")
    r.holds(not any(receivables.values()), "receivables of unknown debtors", dict(receivables))
    if getattr(w, "trial", None) is not None:
        shown = {(b.ledger_account, b.debit.currency_code or b.credit.currency_code):
                 [money(b.debit), money(b.credit)] for b in w.trial.balances}
        r.same({k: v for k, v in ledger.items() if any(v)},
               {k: v for k, v in shown.items() if any(v)}, "trial balance")
        open_items = open_items_of(w)
        for b in w.debtors.balances:
            r.same((open_items[b.account_id], open_items[b.account_id]),
                   (money(b.balance), money(b.open_items)), b.account_id, "debtor balance")
    return r


def open_items_of(w):
    """Open items by account: open invoices less unapplied payments and credit notes."""
    cached = w.__dict__.get("_open_items")
    if cached is None:
        cached = defaultdict(int)
        for i in w.invoices.values():
            cached[i.account] += i.open
        for c in w.credit_notes.values():
            cached[c.account] -= c.unapplied
        for p in w.payments.values():
            if p.state == "RECEIVED":
                cached[p.account] -= p.unapplied
        w.__dict__["_open_items"] = cached
    return cached


def _posted_documents(r, w):
    expected = {}
    for i in w.invoices.values():
        lines = defaultdict(int)
        lines["1200", i.account, ""] += i.total
        for x in i.lines:
            lines["4100" if x.freight else "4000", "", ""] -= x.net
        for t in i.taxes:
            lines["2200", "", t.code] -= t.tax
        expected[i.id] = "INVOICE", i.number, i.posting, i.date, i.currency, lines
    for c in w.credit_notes.values():
        lines = defaultdict(int)
        lines["1200", c.account, ""] -= c.total
        lines["4050" if c.reason == "RETURN" else "4060", "", ""] += c.net
        for t in c.taxes:
            lines["2200", "", t.code] += t.tax
        expected[c.id] = "CREDIT_NOTE", c.number, c.posting, c.date, c.currency, lines
    for p in w.payments.values():
        lines = {("1000", "", ""): p.amount, ("1200", p.account, ""): -p.amount}
        expected[p.id] = "PAYMENT", "", p.posting, p.date, p.currency, lines
        if p.state == "REVERSED":
            expected[p.id + "/reversal"] = ("PAYMENT_REVERSAL", "", None, p.reversal_date,
                                            p.currency,
                                            {k: -v for k, v in lines.items()})
    for key, (kind, number, posting, date, currency, lines) in expected.items():
        e = w.entries.get(key)
        if not r.holds(e is not None, key, "is not in the books"):
            continue
        got = defaultdict(int)
        for p in e.postings:
            got[p.ledger, p.account if p.ledger == "1200" else "",
                p.tax_code if p.ledger == "2200" else ""] += p.debit - p.credit
            r.same(currency, p.currency, key, "currency")
        r.same({k: v for k, v in lines.items() if v}, {k: v for k, v in got.items() if v}, key,
               "postings")
        r.same((kind, number or e.number, posting or e.posting, date),
               (e.document, e.number, e.posting, e.date), key, "kind, number and dates")
    for key in w.entries.keys() - expected.keys():
        r.bad("the books have", key, "and no document does")


def numbers(w):
    """Invoice and credit-note numbers: by year of their date, each once, from 1 without a gap."""
    r = Result("I2 numbers without gaps")
    for kind, documents_ in (("INV", w.invoices), ("CRN", w.credit_notes)):
        years = defaultdict(list)
        for d in documents_.values():
            match = NUMBER.match(d.number)
            if r.holds(match and match[1] == kind and int(match[2]) == d.date // 10000, d.id,
                       "of", d.date, "has the number", d.number):
                years[match[2]].append(int(match[3]))
        for year, given in years.items():
            given.sort()
            r.compared += len(given)
            if given != list(range(1, len(given) + 1)):
                missing = sorted(set(range(1, given[-1] + 1)) - set(given))[:5]
                r.bad(kind, year, "numbers with gaps or twice: missing", missing, "of", len(given))
    for kind, records, field in (("order", w.orders, "number"), ("shipment", w.shipments, "number"),
                                 ("account", w.accounts, "number")):
        seen = {}
        for x in records.values():
            number = getattr(x, field)
            r.holds(number and seen.setdefault(number, x.id) == x.id, kind, x.id, "and",
                    seen.get(number), "have the number", repr(number))
    return r


def parts(w):
    """Orders: nets of lines, totals, part invoices as differences of cumulated amounts, credits."""
    r = Result("I2 order amounts and parts")
    by_shipment, by_return, allowed = {}, {}, defaultdict(int)
    for i in w.invoices.values():
        if i.shipment:
            r.holds(i.shipment not in by_shipment, i.shipment, "is billed twice:", i.number)
            by_shipment[i.shipment] = i
    for c in w.credit_notes.values():
        if c.return_id:
            r.holds(c.return_id not in by_return, c.return_id, "is credited twice:", c.number)
            by_return[c.return_id] = c
        else:
            for x in c.lines:
                allowed[c.invoice, x.number] += x.net
    for o in w.orders.values():
        if o.id not in w.parked:
            _order(r, w, o, by_shipment, by_return, allowed)
    for i in w.invoices.values():
        r.holds(i.order in w.orders or not i.shipment, i.number, "bills", i.order,
                "which is not there")
    return r


def _order(r, w, o, by_shipment, by_return, allowed):
    unit, what = minor_unit(o.currency), o.number
    parts_ = defaultdict(list)
    for s in o.shipment_lines:
        parts_[s.line].append(s)
    place = {s.id: n for n, s in enumerate(o.shipments)}
    taxes = defaultdict(int)
    billed_lines = {}  # (shipment, line) → net handed to billing
    came_back = {}  # (shipment, line) → net of what came back
    touched = set()  # shipments whose invoice an allowance lowered
    for x in o.lines:
        _amounts(r, what, unit, x.net, x.ordered_net, x.billed_net, x.invoiced_net, x.credited_net)
        # The agreed net: quantity × price ÷ per × (1 − discount). A quote's may have been agreed.
        if x.source != "QUOTE" and x.per:
            many, per = _in_one_unit(w, x)
            if per:
                r.same(line_net(many, x.price, per, x.discount, unit), x.ordered_net, what, "line",
                       x.number, "net")
        code = w.tax_codes.get(x.tax_code)
        if code is not None and code.tax_class:
            r.same(code.tax_class, x.tax_class, what, "line", x.number, "class of", x.tax_code)
        r.same(part_of(x.ordered_net, x.ordered - x.cancelled, x.ordered, unit), x.net, what,
               "line",
               x.number, "net of what stands")
        taxes[x.tax_code, x.tax_rate] += x.net
        so_far = billed = 0
        for s in sorted(parts_.get(x.number, ()), key=lambda s: place.get(s.shipment, 0)):
            so_far += s.quantity
            due = part_of(x.ordered_net, so_far, x.ordered, unit) - billed
            r.same(due, s.billed, what, "line", x.number, "part of", s.shipment)
            billed += s.billed
            billed_lines[s.shipment, x.number] = s.billed
            back = part_of(s.billed, s.returned, s.quantity, unit)
            r.same(back, s.credit, what, "line", x.number, "credit of", s.shipment)
            came_back[s.shipment, x.number] = s.credit
        r.same(billed, x.billed_net, what, "line", x.number, "billed")
        r.holds(x.invoiced_net <= x.net, what, "line", x.number, "invoiced", show(x.invoiced_net),
                "of", show(x.net))
        if x.shipped and x.shipped == x.ordered - x.cancelled and x.invoiced == x.shipped:
            r.same(x.net, x.invoiced_net, what, "line", x.number, "invoiced, all being shipped")
        r.holds(x.credited_net <= x.invoiced_net, what, "line", x.number,
                "credited beyond invoiced")
    f = o.freight
    if f:
        # Billed whole with the first shipment; nothing of it stands on a cancelled order.
        r.same(f.net if o.shipments else 0, f.billed_net, what, "freight billed")
        if o.shipments:
            billed_lines[o.shipments[0].id, f.number] = f.net
        if o.state != "CANCELLED":
            taxes[f.tax_code, f.tax_rate] += f.net
    r.same(sum(taxes.values()), o.net, what, "net total")
    r.same(sum(tax_of(base, rate, unit) for (_, rate), base in taxes.items()), o.tax, what,
           "tax total")
    r.same(o.net + o.tax, o.gross, what, "gross total")
    # The invoice of each shipment: its lines are what the order handed over.
    for s in o.shipments:
        i = by_shipment.get(s.id)
        if not r.holds(i is not None, what, s.number, "is not billed"):
            continue
        ordered = {x.number: (x.product, x.tax_code, x.tax_rate) for x in o.lines}
        if f:
            ordered[f.number] = "", f.tax_code, f.tax_rate
        r.same({x.number: ordered.get(x.number) for x in i.lines},
               {x.number: (x.product, x.tax_code, x.tax_rate) for x in i.lines}, what, i.number,
               "products and tax codes")
        expected = {n: b for (shipment, n), b in billed_lines.items() if shipment == s.id}
        r.same(expected, {x.number: x.net for x in i.lines}, what, i.number, "lines")
        r.same((o.id, s.date, s.date, s.last, o.currency, o.bill_to),
               (i.order, i.date, i.tax_date, i.last, i.currency, i.bill_to), what, i.number,
               "order, dates, last, currency, bill-to")
        if o.account:
            r.same(o.account, i.account, what, i.number, "account")
        for x in i.lines:
            back, off = came_back.get((s.id, x.number), 0), allowed[i.id, x.number]
            r.same(back, x.returned, what, i.number, "line", x.number, "returned")
            r.same(min(x.net, back + off), x.credited, what, i.number, "line", x.number,
                   "credited for what came back and what was allowed")
            if off:
                touched.add(i.shipment)
    # The credit note of each return: all of it, or what allowances left.
    for back in o.returns:
        c = by_return.get(back.id)
        if r.holds(c is not None or back.net == 0, what, back.id, "is not credited") and c:
            r.same((o.id, back.shipment, back.date), (c.order, c.shipment, c.date), what, c.number,
                   "order, shipment, date")
            r.holds(c.net <= back.net if back.shipment in touched else c.net == back.net, what,
                    c.number, "credits", show(c.net), "of", show(back.net))


def _in_one_unit(w, x):
    """A line's quantity and what its price is for, in one unit and the same scale; 0 where
    unknown."""
    if x.unit == x.per_unit:
        return x.asked, x.per
    if x.per_unit == x.base_unit:
        return x.ordered, x.per
    product = w.products.get(x.product)
    for u in product.units if product is not None else ():
        if u.unit == x.per_unit:
            return x.ordered * u.denominator, x.per * u.numerator
    return 0, 0


def exposures(w):
    """The figures of each account: DOMAIN 5's formula, recomputed from documents and
    commitments."""
    r = Result("I2 exposure")
    sums = {a: [0, 0, 0, 0, 0] for a in w.accounts}  # receivable unapplied committed waiting open
    for i in w.invoices.values():
        if i.account in sums:
            sums[i.account][0] += i.open
            sums[i.account][4] += i.open != 0
    for c in w.credit_notes.values():
        if c.account in sums:
            sums[c.account][1] += c.unapplied
    for p in w.payments.values():
        if p.account in sums and p.state == "RECEIVED":
            sums[p.account][1] += p.unapplied
    invoiced = defaultdict(int)
    for i in w.invoices.values():
        invoiced[i.order] += i.total
    for c in w.commitments.values():
        r.same(invoiced.get(c.order, 0), c.invoiced, c.order, "commitment: invoiced")
        if c.account in sums:
            if c.state == "OPEN":
                sums[c.account][2] += max(0, c.committed - c.invoiced)
                sums[c.account][3] += c.waiting is not None
    for e in w.exposures.values():
        if not r.holds(e.account in sums, e.account, "has figures and is no account"):
            continue
        receivable, unapplied, committed, waiting, opened = sums[e.account]
        a = w.accounts[e.account]
        r.same((a.customer, a.currency), (e.customer, e.currency), e.account, "customer, currency")
        r.same((receivable, unapplied, committed, receivable - unapplied + committed),
               (e.receivable, e.unapplied, e.committed, e.exposure), e.account,
               "receivable, unapplied, committed, exposure")
        r.same((waiting, opened), (e.waiting, e.open_invoices), e.account,
               "waiting commitments, open invoices")
        r.holds(e.highest >= e.exposure, e.account, "highest exposure below the exposure")
    for a in sums.keys() - w.exposures.keys():
        r.holds(not any(sums[a]), a, "has no figures, and documents")
    # What waits although there is room, and what each order is promised.
    for c in w.commitments.values():
        o, a, e = w.orders.get(c.order), w.accounts.get(c.account), w.exposures.get(c.account)
        if c.waiting is not None and c.state == "OPEN" and a and e:
            if c.reason == "OVER_LIMIT":
                more = max(0, c.waiting - c.invoiced) - max(0, c.committed - c.invoiced)
                r.holds(a.limit is not None and (a.order_blocked or e.exposure + more > a.limit),
                        c.order, "waits for", show(c.waiting), "although there is room: exposure",
                        show(e.exposure), "limit", a.limit)
            elif c.reason == "ACCOUNT_BLOCKED":
                r.holds(a.order_blocked or a.state == "CLOSED", c.order,
                        "waits for a block that is not")
        if o:
            r.same((o.currency, o.payer), (c.currency or o.currency, c.payer), o.number,
                   "currency and payer of its commitment")
            if o.account and c.account:
                r.same(o.account, c.account, o.number, "account of its commitment")
        if o and c.state == "CLOSED" and c.waiting is None and o.state == "CLOSED" and not any(
                x.cancelled for x in o.lines):
            r.same((o.gross, o.revision), (c.committed, c.revision), o.number,
                   "gross and revision that were promised")
        if o and c.state == "OPEN":
            asked = c.waiting if c.waiting is not None else c.committed
            revision = c.waiting_revision if c.waiting is not None else c.revision
            r.same((o.gross, o.revision), (asked, revision), o.number,
                   "gross and revision asked of credit")
    return r


class Promises:
    """Follows billing's journal. Each set of figures obeys its formula and is later than the one
    before; no promise that grew was given over the limit, unless a person said so."""

    def __init__(self):
        self.r = Result("I2 promises of credit")
        self.sequence, self.limit, self.committed, self.invoiced = {}, {}, {}, {}
        self.highest = defaultdict(int)
        self.override = {}
        self.parts = {}  # document or commitment → (account, which figure, amount)
        self.sums = defaultdict(lambda: [0, 0, 0])  # account → receivable, unapplied, committed
        self.command, self.told = None, []  # figures of this command that are not yet found right
        self.given = self.refused = 0

    def see(self, e, m, what, entity):
        kind = e.type.rsplit(".", 1)[1]
        meta = m.meta
        command = meta.request_id or (meta.event_time.seconds, meta.event_time.nanos)
        if command != self.command:
            self._untold()
            self.command = command
        self._sum(e.subject, entity)
        if kind == "CreditOverridden":
            self.override[e.subject] = money(what.amount)
        if "account_exposure" in what.DESCRIPTOR.fields_by_name and what.HasField(
                "account_exposure"):
            self._figures(e, what.account_exposure)
        short = entity.DESCRIPTOR.name
        if short == "DebtorAccount":
            p = entity.credit_policy
            self.limit[e.subject] = (None if p.kind == 2 else money(p.limit)), entity.order_block.on
        elif short == "CreditCommitment":
            committed, invoiced = money(entity.committed), money(entity.invoiced)
            before = max(0, self.committed.get(e.subject, 0) - self.invoiced.get(e.subject, 0))
            grew = max(0, committed - invoiced) > before
            if kind == "CreditReserved":
                self.given += 1
                self.r.same((committed, entity.revision), (money(what.amount), what.revision),
                            e.subject, "amount and revision covered")
                limit, blocked = self.limit.get(entity.account_id, (None, False))
                figures = what.account_exposure
                if grew and not what.overridden:
                    self.r.holds(not blocked, e.subject, "got credit of a blocked account")
                    if limit is not None:
                        self.r.holds(money(figures.exposure) <= limit, e.subject,
                                     "got credit over the limit:", show(money(figures.exposure)),
                                     "of", show(limit), "at", e.position)
                if what.overridden:
                    self.r.holds(committed <= self.override.get(e.subject, -1), e.subject,
                                 "goes beyond what was authorised")
            elif kind == "CreditRefused":
                self.refused += 1
                self.r.same(money(entity.waiting.asked), money(what.requested), e.subject, "asked")
                self._refused(e, entity, what)
            else:
                self.r.holds(not grew, e.subject, "promise grew by", kind)
            self.committed[e.subject], self.invoiced[e.subject] = committed, invoiced
        if self.told:
            self.told = [x for x in self.told if self.sums[x[0]] != x[1]]

    def _sum(self, subject, entity):
        """The formula of DOMAIN 5, kept up event by event."""
        short = entity.DESCRIPTOR.name
        if short == "Invoice":
            part = entity.account_id, 0, money(entity.open_amount)
        elif short in ("Payment", "CreditNote"):
            part = entity.account_id, 1, money(entity.unapplied)
        elif short == "CreditCommitment":
            part = entity.account_id, 2, max(0, money(entity.committed) - money(
                entity.invoiced)) if entity.state == 1 else 0
        else:
            return
        old = self.parts.get(subject + short)
        if old:
            self.sums[old[0]][old[1]] -= old[2]
        self.sums[part[0]][part[1]] += part[2]
        self.parts[subject + short] = part

    def _untold(self):
        """Figures that a command told and that were right at no moment of it."""
        for account, figures, position in self.told:
            self.r.bad(account, "was told receivable, unapplied, committed", figures, "at",
                       position,
                       "and its documents say", self.sums[account])
        self.told = []

    def _refused(self, e, entity, what):
        if what.reason != 1 or not what.HasField("account_exposure"):  # OVER_LIMIT
            return
        held = max(0, money(entity.committed) - money(entity.invoiced))
        more = max(0, money(what.requested) - money(entity.invoiced)) - held
        over = money(what.exposure) + more - money(what.limit)
        self.r.holds(over > 0, e.subject, "was refused credit that fits")
        self.r.same(over, money(what.shortfall), e.subject, "shortfall")

    def _figures(self, e, f):
        self.r.same(money(f.receivable) - money(f.unapplied) + money(f.committed),
                    money(f.exposure),
                    f.account_id, "exposure at", e.position)
        self.r.holds(min(money(f.receivable), money(f.unapplied), money(f.committed)) >= 0,
                     f.account_id, "a negative figure at", e.position)
        self.r.compared += 1
        self.told.append((f.account_id, [money(f.receivable), money(f.unapplied),
                                         money(f.committed)],
                          e.position))
        last = self.sequence.get(f.account_id, 0)
        self.r.holds(f.sequence >= last, f.account_id, "figures go back at", e.position)
        self.sequence[f.account_id] = f.sequence
        self.highest[f.account_id] = max(self.highest[f.account_id], money(f.exposure))

    def finish(self, w):
        self._untold()
        for account, highest in self.highest.items():
            e = w.exposures.get(account)
            if self.r.holds(e is not None, account, "had figures and has none"):
                self.r.holds(e.highest >= highest, account, "highest exposure was", show(highest),
                             "and is", show(e.highest))
        self.r.say("given", self.given, "refused", self.refused)
        return self.r
