"""The list of benchmarks, cheap ones first."""

from tests.bench.chain_rates import end_to_end
from tests.bench.codec_rates import codec
from tests.bench.duckdb_rates import duckdb
from tests.bench.figures import Bench
from tests.bench.mqtt_rates import mqtt
from tests.bench.opcua_rates import opcua_chain, opcua_decode
from tests.bench.physics_speed import physics
from tests.bench.server_rates import whole_server
from tests.bench.spool_rates import spool

BENCHES = (
    Bench("codec", "readings to Arrow IPC and back", codec),
    Bench("spool", "the agent's SQLite spool, durable", spool),
    Bench("duckdb", "embedded historian: write, aggregate, read", duckdb),
    Bench("physics", "the simulated plant alone", physics),
    Bench("opcua-decode", "OPC UA bytes to columns", opcua_decode),
    Bench("mqtt", "MQTT messages to readings", mqtt),
    Bench("chain", "agent to historian, without a device", end_to_end),
    Bench("opcua", "a real OPC UA server to the historian", opcua_chain),
    Bench("server", "the whole server: rate, and latency to a finding", whole_server),
)
