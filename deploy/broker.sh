#!/bin/sh
# Write the broker's password file from the environment, then become the broker.
# Users: server, meters, and the agent edge-1. The passwords never stand on a command line or in an image.
set -eu
: "${SERVER_PASSWORD:?set SERVER_PASSWORD}" "${AGENT_PASSWORD:?set AGENT_PASSWORD}" "${METERS_PASSWORD:?set METERS_PASSWORD}"
passwords=${BROKER_PASSWORD_FILE:-/run/plantwatch/passwords}
case "$SERVER_PASSWORD$AGENT_PASSWORD$METERS_PASSWORD" in
  *:*) echo "a password holds a colon, which the password file cannot carry: choose another" >&2; exit 2 ;;
esac
umask 077
printf 'server:%s\nedge-1:%s\nmeters:%s\n' "$SERVER_PASSWORD" "$AGENT_PASSWORD" "$METERS_PASSWORD" > "$passwords"
mosquitto_passwd -U "$passwords"   # hashes what stands there
unset SERVER_PASSWORD AGENT_PASSWORD METERS_PASSWORD
PATH=$PATH:/usr/sbin
exec mosquitto -c "${BROKER_CONFIG:-/etc/plantwatch/mosquitto.conf}"
