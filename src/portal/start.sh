#!/bin/sh
# Starts the portal in its container. Compose hands its settings over as a file, so that `docker inspect` shows none of the
# passwords; ECS as variables.
set -eu
if [ -r /run/secrets/portal ]; then
  set -a
  . /run/secrets/portal
  set +a
fi
exec /opt/mtd/portal/bin/python -m portal --host 0.0.0.0 --port 8080
