"""The topics as they are in Kafka: read with confluent_kafka where it is installed, else from a
dump that the harness made: JSON lines {"topic","partition","offset","key","headers":{name: text},
"payload": base64}.
"""
import base64
import json
from collections import namedtuple

Record = namedtuple("Record", "topic partition offset key part id type incarnation lane position "
                              "previous version payload")


def record(topic, partition, offset, key, headers, payload):
    """tandem_chain is incarnation/lane/position/previous position of the lane/version/message."""
    words = headers.get("tandem_chain", "").split("/")
    numbers = [int(x) if x.lstrip("-").isdigit() else None for x in words[1:5]]
    numbers += [None] * (4 - len(numbers))
    return Record(topic, partition, offset, key, headers.get("ce_source", "").rpartition("/")[2],
                  headers.get("ce_id", ""), headers.get("ce_type", ""), words[0], *numbers, payload)


def from_dump(files):
    for path in files:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                x = json.loads(line)
                yield record(x["topic"], x["partition"], x["offset"], x["key"], x["headers"],
                             base64.b64decode(x["payload"]))


def available():
    try:
        import confluent_kafka  # noqa: F401
        return True
    except ImportError:
        return False


def from_kafka(bootstrap, prefix="tandem."):
    """Every record of every topic, from its beginning to where it ended when this began."""
    import confluent_kafka as kafka
    consumer = kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "model",
                               "enable.auto.commit": False, "isolation.level": "read_committed"})
    try:
        left, following = {}, {}
        assigned = []
        for name, topic in consumer.list_topics(timeout=30).topics.items():
            if name.startswith(prefix):
                for number in topic.partitions:
                    low, high = consumer.get_watermark_offsets(
                        kafka.TopicPartition(name, number), timeout=30)
                    if high > low:
                        left[name, number], following[name, number] = high, low
                        assigned.append(kafka.TopicPartition(name, number, low))
        consumer.assign(assigned)
        while left:
            m = consumer.poll(30)  # consume() leaves some out now and then
            if m is None:
                continue
            if m.error():
                raise RuntimeError(str(m.error()))
            key = m.topic(), m.partition()
            if key not in left:
                continue
            if m.offset() != following[key]:
                raise RuntimeError("%s/%d: %d was read behind %d" % (*key, m.offset(),
                                                                      following[key] - 1))
            following[key] += 1
            headers = {k: (v or b"").decode("utf-8", "replace") for k, v in m.headers() or ()}
            yield record(m.topic(), m.partition(), m.offset(), (m.key() or b"").decode(), headers,
                         m.value() or b"")
            if m.offset() + 1 >= left[key]:
                del left[key]
    finally:
        consumer.close()
