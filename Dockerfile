# Two images: `plantwatch` (server, agent, simulator, commands) and `broker` (mosquitto as Debian ships it).
#
# Not built yet by the people who wrote it: their workplace has no container engine. What could be checked without
# one is checked in tests/docs/: the settings, the broker's configuration with a real mosquitto, the health check.

FROM python:3.11-slim-bookworm AS wheels
WORKDIR /source
COPY requirements.lock .
# Everything is fetched once, against the hashes of the lock file; the later steps take from /wheels alone.
RUN pip wheel --no-cache-dir --require-hashes --requirement requirements.lock --wheel-dir /wheels
COPY pyproject.toml README.md ./
COPY plant plant
COPY edge_agent edge_agent
COPY ingest ingest
COPY analytics analytics
COPY alerts alerts
COPY dashboards dashboards
COPY simulators simulators
COPY plantwatch plantwatch
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling editables \
 && pip wheel --no-cache-dir --no-index --find-links /wheels --no-build-isolation --no-deps --wheel-dir /wheels .
# Only what the program needs at run time: the test tools stay behind.
RUN python -m venv /opt/plantwatch \
 && /opt/plantwatch/bin/pip install --no-cache-dir --no-index --find-links /wheels plantwatch

FROM python:3.11-slim-bookworm AS plantwatch
# One number for both images, so that the broker may read the key that `plantwatch certs` made.
RUN groupadd --gid 10001 plantwatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin plantwatch \
 && install -d -o 10001 -g 10001 -m 0700 /data \
 && install -d -o 10001 -g 10001 -m 0700 /certificates
COPY --from=wheels /opt/plantwatch /opt/plantwatch
COPY simulators/plants/chlor_alkali.yaml /etc/plantwatch/plant.yaml
COPY deploy/healthy.py /usr/local/lib/plantwatch/healthy.py
ENV PATH=/opt/plantwatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PLANTWATCH_DATA=/data
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["plantwatch"]
CMD ["--help"]

FROM debian:bookworm-slim AS broker
RUN apt-get update \
 && apt-get install --yes --no-install-recommends mosquitto netcat-openbsd \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 10001 -g 10001 -m 0700 /data /certificates /run/plantwatch
COPY deploy/mosquitto.conf deploy/mosquitto.acl /etc/plantwatch/
COPY --chmod=0755 deploy/broker.sh /usr/local/bin/broker.sh
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/broker.sh"]
