"""Confluent's own client for Python: reads requests, one JSON object a line, and answers each in one."""
import json
import logging
import sys

from confluent_kafka.avro.cached_schema_registry_client import CachedSchemaRegistryClient
from confluent_kafka.avro.serializer.message_serializer import MessageSerializer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

logging.disable(logging.WARNING)
url = sys.argv[1]
client = SchemaRegistryClient({"url": url})
cached = CachedSchemaRegistryClient({"url": url})
serializer = MessageSerializer(cached)


def copy(request):
    """Reads a record and writes the same again."""
    written = bytes.fromhex(request["bytes"])
    record = serializer.decode_message(written)
    schema = int.from_bytes(written[1:5], "big", signed=True)
    return {"record": record, "bytes": serializer.encode_record_with_schema_id(schema, record).hex()}


def code(call, name):
    try:
        call()
        return 0
    except SchemaRegistryError as e:
        return getattr(e, name)


def contract(request):
    """Register, look up, check and list."""
    subject = request["subject"]
    avro = {name: Schema(request[name], "AVRO") for name in ("schema", "later", "other")}
    told = {"id": client.register_schema(subject, avro["schema"])}
    told["lookedUp"] = client.lookup_schema(subject, avro["schema"]).schema_id
    told["byId"] = client.get_schema(told["id"]).schema_str
    told["latest"] = client.get_latest_version(subject).version
    told["versions"] = client.get_versions(subject)
    told["subjects"] = client.get_subjects()
    client.set_compatibility(subject, "FULL_TRANSITIVE")
    told["fits"] = client.test_compatibility(subject, avro["later"])
    told["fitsNot"] = client.test_compatibility(subject, avro["other"])
    told["refused"] = code(lambda: client.register_schema(subject, avro["other"]), "http_status_code")
    told["unknown"] = code(lambda: client.get_latest_version("nobody-value"), "error_code")
    return told


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"copy": copy, "contract": contract}[asked["do"]](asked)
    except Exception as e:  # whatever it is, the test shows it
        answer = {"error": repr(e)}
    print(json.dumps(answer, default=str), flush=True)
