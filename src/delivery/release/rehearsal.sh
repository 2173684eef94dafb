# Every step of a deployment, in an instance of its own that plays the accounts: as CI's jobs call them, one after the other.
set -eu
export MTD_INSTANCE=rehearsal
trap 'make --no-print-directory down >/dev/null 2>&1; .venv/bin/mtd down --wipe >/dev/null' EXIT
.venv/bin/mtd up --no-seed --no-watch
make() { command make --no-print-directory "$@"; }
build=$(make build)
make package-proof
for environment in staging production; do
  make review ENVIRONMENT=$environment BUILD="$build" REHEARSE=1
  make deploy ENVIRONMENT=$environment BUILD="$build" REHEARSE=1 ARGS="--bake 5"
  make drift ENVIRONMENT=$environment REHEARSE=1
done
make deploy ENVIRONMENT=local
make drill
