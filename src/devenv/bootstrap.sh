#!/bin/sh
# Makes .venv from requirements.txt: a Python of 3.12 or newer, uv by its locked hash, everything else by uv.
# The second time it compares one hash and ends.
set -eu
cd "$(dirname "$0")/../.."
venv=.venv
stamp=$venv/.installed

fits() { # the interpreter runs (a pyenv shim may exist and fail), is new enough, and can make an environment
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

candidates() {
    [ -z "${MTD_PYTHON:-}" ] || printf '%s\n' "$MTD_PYTHON"
    for name in python3.13 python3.12; do command -v "$name" || true; done
    for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv"; do
        [ -n "$root" ] || continue
        for minor in 13 12; do
            for python in "$root"/versions/3."$minor".*/bin/python3; do
                [ ! -x "$python" ] || printf '%s\n' "$python"
            done
        done
    done
    for name in python3.14 python3 python; do command -v "$name" || true; done
}

find_python() {
    candidates | while IFS= read -r python; do
        if fits "$python"; then printf '%s\n' "$python"; break; fi
    done
}

without_python() {
    cat >&2 <<'EOF'
MTD needs Python 3.12 or newer (3.13 is what AWS runs), with its venv module, and found none.
Install one of these, then run make again:
  Debian, Ubuntu   sudo apt-get install python3.13 python3.13-venv     (or python3.12 python3.12-venv)
  Fedora           sudo dnf install python3.13
  any system       pyenv install 3.13        (it is found in ~/.pyenv/versions by itself)
Or name an interpreter yourself: make up MTD_PYTHON=/path/to/python3.13
EOF
    exit 1
}

digest() {
    "$venv/bin/python" - "$@" <<'EOF'
import hashlib, pathlib, sys
text = b"\0".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])
print(hashlib.sha256(text + sys.version.encode()).hexdigest())
EOF
}

inputs="requirements.txt pyproject.toml src/devenv/bootstrap.sh"
if [ -f "$stamp" ] && fits "$venv/bin/python"; then
    # shellcheck disable=SC2086
    if [ "$(cat "$stamp")" = "$(digest $inputs)" ]; then touch "$stamp"; exit 0; fi
else
    python=$(find_python)
    [ -n "$python" ] || without_python
    echo "Making .venv with $("$python" --version) ($python)"
    "$python" -m venv --clear "$venv"
fi

if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    # uv's own block of the lock: pip then installs that very file and nothing else.
    sed -n '/^uv==/,/^[^ ]*==/{/^uv==/p;/^ /p;}' requirements.txt >"$venv/bootstrap.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        -r "$venv/bootstrap.txt"
fi
uv() { "$venv/bin/uv" "$@" --quiet --python "$venv/bin/python"; }
install() {
    uv pip sync --require-hashes requirements.txt && uv pip install --no-deps --no-build-isolation --editable .
}
# uv brings certificates of its own. Behind a proxy that signs for itself only the system's will do, which a bare machine
# may not have.
install 2>"$venv/uv.log" || UV_SYSTEM_CERTS=1 install || {
    free=$(df -Pm . | awk 'NR == 2 {print $4}')
    [ "$free" -ge 100 ] || echo "The disk of $(pwd) is full: .venv takes about 750 MB. Free some, then run make again." >&2
    exit 1
}
# shellcheck disable=SC2086
digest $inputs >"$stamp"
