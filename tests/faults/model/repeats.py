"""I12: repeated calls. The same request id and body get the same answer, for good; another body
gets ALREADY_EXISTS REQUEST_ID_REUSED once the first was accepted; a refused one is judged afresh.

Fed with the attempts of the client journals, in the order in which they ended.
"""
from .journal import digest
from .result import Result


class Repeats:
    def __init__(self):
        self.r = Result("I12 repeated calls")
        # (service, request id) → [body accepted, digest of the answer, line of its answer, bodies
        # asked]
        self.calls = {}
        self.again = self.reused = self.afresh = 0

    def see(self, a):
        if not a.request_id or a.request.get("validate_only"):
            return
        body = digest([a.method, a.body()])
        key = a.service, a.request_id  # each service keeps its own
        call = self.calls.get(key)
        if call is None:
            call = self.calls[key] = [None, None, None, {}]
        accepted, answer, line, bodies = call
        if not a.judged:
            bodies.setdefault(body, "unknown")
            return
        what = a.method, a.request_id
        if a.outcome == "ok":
            print_ = digest(a.response)
            if accepted is None:
                call[:3] = body, print_, a.answer
                if bodies.get(body) == "refused":
                    self.afresh += 1
                self.r.compared += bool(bodies)
            elif accepted != body:
                self.r.compared += 1
                self.r.bad(*what, "was accepted with two bodies")
            else:
                self.again += 1
                self.r.compared += 1
                if print_ != answer:
                    self.r.bad(*what, "has two answers")
            bodies[body] = "ok"
            return
        if a.reason == "REQUEST_ID_REUSED":
            self.reused += 1
            other = any(b != body and outcome != "refused" for b, outcome in bodies.items())
            self.r.holds(a.code == "ALREADY_EXISTS", *what, "reused, with code", a.code)
            # The other one may be answered later than this: judged at the end.
            if not other:
                call.append(body)
            bodies.setdefault(body, "reused")
            return
        if accepted is not None and a.ask > line:
            self.r.compared += 1
            if accepted == body:
                self.r.bad(*what, "was accepted, and refused when repeated:", a.code, a.reason)
            else:
                self.r.bad(*what, "with another body got", a.code, a.reason,
                           "instead of REQUEST_ID_REUSED")
        elif bodies.get(body) == "refused":
            self.afresh += 1
            self.r.compared += 1
        bodies.setdefault(body, "refused")

    def finish(self):
        for (_, request_id), call in self.calls.items():
            for body in call[4:]:
                self.r.holds(any(b != body and outcome in ("ok", "unknown")
                                 for b, outcome in call[3].items()), request_id,
                             "is said to be reused and never was accepted with another body")
        self.r.say("same again", self.again, "reused", self.reused, "judged afresh", self.afresh)
        return self.r
