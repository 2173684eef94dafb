# Every step of a deployment, in an instance of its own that plays the accounts: as CI's jobs call them, one after the other.
set -eu
export MTD_INSTANCE=rehearsal REHEARSE=1
trap 'make down >/dev/null 2>&1; .venv/bin/mtd down --wipe >/dev/null' EXIT
.venv/bin/mtd up --no-seed --no-watch
rm -rf build/releases
make build
make package-proof
for environment in staging production; do
  make review ENVIRONMENT=$environment BUILD=only
  make deploy ENVIRONMENT=$environment BUILD=only ARGS="--bake 5"
  make drift ENVIRONMENT=$environment
done
make deploy ENVIRONMENT=local REHEARSE=
make drill
