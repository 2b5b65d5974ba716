#!/bin/sh
# Print the path of a Python that can make our virtual environment (3.12, 3.13 or 3.14, with venv), or say what to install.
# Order: $PYTHON, python3.14/3.13/3.12, python3, the newest one under pyenv, one that uv has or can fetch.
# A candidate counts only if it runs: a pyenv shim of a version that is not selected exists but answers "command not found".
# There are no wheels for pre-releases, for free-threaded builds or for other interpreters than CPython.

incomplete=""

usable() {
    version=$("$1" -c '
import sys, sysconfig
if sys.implementation.name == "cpython" and sys.version_info[3] == "final" and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("%d %d" % sys.version_info[:2])' 2>/dev/null) || return 1
    case "$version" in
        "3 12" | "3 13" | "3 14") ;;
        *) return 1 ;;
    esac
    "$1" -c 'import venv, ensurepip' 2>/dev/null && return 0
    incomplete=$1 # Debian ships Python without them
    return 1
}

offer() {
    [ -n "$1" ] || return 1
    usable "$1" || return 1
    "$1" -c 'import sys; print(sys.executable)'
    exit 0
}

if [ -n "$PYTHON" ]; then
    offer "$PYTHON"
    echo "PYTHON=$PYTHON is passed over: it does not run, is not Python 3.12 to 3.14, or has no venv module" >&2
fi

for name in python3.14 python3.13 python3.12 python3; do
    offer "$name"
done

for root in "$PYENV_ROOT" "$(pyenv root 2>/dev/null)" "$HOME/.pyenv"; do
    for name in $(ls "$root/versions" 2>/dev/null | sort -r -V); do
        case "$name" in
            3.1[234].*) offer "$root/versions/$name/bin/python3" ;;
        esac
    done
done

if command -v uv >/dev/null 2>&1; then
    for version in 3.13 3.12 3.14; do
        offer "$(uv python find "$version" 2>/dev/null)"
    done
    uv python install 3.13 >&2 && offer "$(uv python find 3.13 2>/dev/null)"
fi

if [ -n "$incomplete" ]; then
    echo "Found $incomplete, but it has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and run make again." >&2
else
    echo "No Python 3.12, 3.13 or 3.14 found: install one (apt install python3.12-venv, pyenv install 3.13, or uv), or name it: make PYTHON=/path/to/python3.13" >&2
fi
exit 1
