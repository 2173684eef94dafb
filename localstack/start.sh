#!/bin/sh
# Starts LocalStack in its container. It keeps nothing but the mails: what it writes lies in memory, fresh at each start.
set -eu
mkdir -p "$MTD_MEMORY/s3" "$MTD_MEMORY/tmp"
cp -R /opt/mtd/root "$MTD_MEMORY/root"
exec /opt/mtd/emulator/bin/python -P /opt/mtd/localstack_main.py
