"""I9: what a client read. After an answer that shows a record at a version, the same client is
shown that version or a later one by the service that owns it; one version of a record has one
content.

Fed with the attempts of the client journals, in the order in which they ended.
"""
from .journal import digest
from .result import Result
from .world import version


def shown(service, response):
    """(key, version, content) of each record in an answer."""
    if not isinstance(response, dict):
        return
    etag, key = response.get("etag"), response.get("id") or response.get("order_id")
    if etag and key:
        yield (service, key), version(etag), response
        return
    for value in response.values():
        if isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and item.get("etag"):
                    yield from shown(service, item)


class Reads:
    def __init__(self):
        self.r = Result("I9 what clients read")
        self.floors = {}  # (client, key) → [(line of the answer, highest version)], the last few
        self.contents = {}  # (key, version) → digest
        self.asked = set()  # (service, request id) that were sent before

    def see(self, a):
        sent = a.service, a.request_id
        again = bool(a.request_id) and sent in self.asked
        if a.request_id:
            self.asked.add(sent)
        if a.outcome != "ok" or a.answer is None or a.request.get("validate_only"):
            return
        if a.method.startswith("List"):
            return
        for key, place, content in shown(a.service, a.response):
            if not place:
                continue
            client = a.client, key
            floors = self.floors.setdefault(client, [])
            if not again:  # a repeated call gets its old answer, for good
                floor = next((v for line, v in reversed(floors) if line < a.ask), 0)
                self.r.compared += 1
                if place < floor:
                    self.r.bad("client", a.client[1], "was shown", key[1], "at version", floor,
                               "and then at", place, "by", a.method)
            floors.append((a.answer, max(place, floors[-1][1] if floors else 0)))
            if len(floors) > 8:
                del floors[:4]
            self._content(key, place, content)

    def _content(self, key, place, content):
        """The same version, the same content; `outcome` is an answer's own."""
        print_ = digest({k: v for k, v in content.items() if k != "outcome"})
        first = self.contents.setdefault((key, place), print_)
        self.r.compared += 1
        if first != print_:
            self.r.bad(key[1], "has two contents at version", place)

    def finish(self):
        return self.r
