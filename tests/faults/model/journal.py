"""The driver's client journals: what was asked and what was told, call by call, batch items apart.

A file is JSON lines: before a call {"at","op","client","phase":"ask","method","request_id",
"request"}, after it {"at","op","client","phase":"answer","outcome":"ok|refused|unknown","code",
"reason","response"}. A line that a crash cut short is passed over.
"""
import json
import re

from .source import protos

# Codes that say nothing of the command itself, whatever the driver called them.
NOT_JUDGED = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN",
              "RESOURCE_EXHAUSTED"}
CODES = ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
         "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
         "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
         "UNAUTHENTICATED"]


# A key of JSON as camels spell it.
CAMEL = re.compile(r'"[a-z][a-z0-9]*[A-Z]\w*":')


def digest(value):
    """The same for equal JSON values within one run, whatever the order of their keys."""
    return hash(json.dumps(value, sort_keys=True, separators=(",", ":")))


class Attempt:
    """One call, or one item of a batch: asked at `ask`, answered at `answer` (order of lines)."""
    __slots__ = ("client", "service", "method", "request_id", "request", "ask", "answer",
                 "outcome", "code", "reason", "response", "item", "_body")

    @property
    def judged(self):
        return self.outcome == "ok" or (self.outcome == "refused" and self.code not in NOT_JUDGED)

    def body(self):
        """Hash of what was asked, the request id aside."""
        try:
            return self._body
        except AttributeError:
            self._body = digest({k: v for k, v in self.request.items() if k != "request_id"})
            return self._body


def snake(name):
    """A JSON name as the proto spells it."""
    if name.islower():
        return name
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def spelled(value):
    """A proto's JSON with field names as the proto spells them. Keys of maps have no capitals but
    language tags' and are left alone."""
    if isinstance(value, dict):
        return {(snake(k) if "-" not in k and not k[:1].isupper() else k): spelled(v)
                for k, v in value.items()}
    if isinstance(value, list):
        return [spelled(v) for v in value]
    return value


def single(service, method):
    """The method that a batch method makes several of: BatchCreateProducts → CreateProduct."""
    key = service, method
    if key not in _singles:
        d = protos().pool.FindServiceByName(service).FindMethodByName(method)
        one = d.input_type.fields_by_name["requests"].message_type.name
        _singles[key] = one[:-len("Request")]
    return _singles[key]


_singles = {}


def _items(attempt):
    """The items of a batch as attempts of their own; a call that is none, as it is."""
    requests = attempt.request.get("requests")
    if not attempt.method.startswith("Batch") or requests is None:
        return [attempt]
    results = (attempt.response or {}).get("results") or []
    items = []
    for n, request in enumerate(requests):
        one = Attempt()
        for name in ("client", "service", "ask", "answer", "outcome", "code", "reason"):
            setattr(one, name, getattr(attempt, name))
        one.method, one.item, one.request = single(attempt.service, attempt.method), n, request
        one.request_id = request.get("request_id", "")
        one.response = None
        if attempt.outcome == "ok":
            result = results[n] if n < len(results) else {}
            code = (result.get("status") or {}).get("code", 0)
            one.code = CODES[code] if isinstance(code, int) and code < len(CODES) else str(code)
            one.outcome = "ok" if code in (0, "OK") else (
                "unknown" if one.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED",
                                          "INTERNAL") else "refused")
            one.reason = next((d.get("reason", "") for d in (result.get("status") or {}).get(
                "details", []) if d.get("reason")), "")
            rest = [v for k, v in result.items() if k != "status"]
            one.response = rest[0] if rest else {}
        items.append(one)
    return items


def read(files):
    """Yields attempts in the order in which they ended, those without an answer last."""
    line_number = 0
    for number, path in enumerate(files):
        asked = {}
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                line_number += 1
                try:
                    record = json.loads(line)
                except ValueError:
                    continue  # cut short by a kill: never sent, or the answer not taken down
                key = record.get("client"), record.get("op")
                if record.get("phase") == "ask":
                    if key in asked:
                        yield from _items(asked.pop(key))
                    a = Attempt()
                    a.client = (number, record.get("client"))
                    a.service, _, a.method = record["method"].lstrip("/").rpartition("/")
                    a.request = record.get("request") or {}
                    if CAMEL.search(line):
                        a.request = spelled(a.request)
                    a.request_id = record.get("request_id") or a.request.get("request_id", "")
                    a.ask, a.answer, a.item = line_number, None, 0
                    a.outcome, a.code, a.reason, a.response = "unknown", "", "", None
                    asked[key] = a
                elif key in asked:
                    a = asked.pop(key)
                    a.answer = line_number
                    a.outcome = record.get("outcome", "unknown")
                    a.code, a.reason = record.get("code") or "", record.get("reason") or ""
                    a.response = record.get("response")
                    if CAMEL.search(line):
                        a.response = spelled(a.response)
                    yield from _items(a)
        for a in asked.values():
            yield from _items(a)
