# Sourced by the scripts beside it: goes to the top of the checkout and sees to what a build needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# Optimised kernels in debug builds, warnings as errors: Package.swift.
export SLW_DEVELOP=1

step() { printf '\n== %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Installs Debian packages when that can be done without asking anybody; else says what to type.
install_packages() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else return 1; fi
    fi
    command -v apt-get >/dev/null || return 1
    step "installing $*"
    ${as_root[@]+"${as_root[@]}"} apt-get update -qq </dev/null >&2 || true
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" </dev/null >&2
}

# The toolchain and the two system libraries.
need_build_tools() {
    command -v swift >/dev/null || fail "the Swift toolchain (6.2 or later) is not on PATH: see https://www.swift.org/install"
    local found
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case "$found" in
        [0-5].* | 6.[01]) fail "Swift $found is too old: 6.2 or later is needed" ;;
    esac
    if command -v pkg-config >/dev/null && pkg-config --exists libzstd openblas; then return; fi
    case "$(uname)" in
        Darwin) fail "libzstd and OpenBLAS are needed: brew install pkg-config zstd openblas" ;;
    esac
    install_packages pkg-config libzstd-dev libopenblas-dev \
        || fail "libzstd and OpenBLAS are needed: sudo apt-get install pkg-config libzstd-dev libopenblas-dev"
    pkg-config --exists libzstd openblas || fail "pkg-config does not find libzstd and openblas: check PKG_CONFIG_PATH"
}

# Programs that tests use and the product does without: what is missing skips its tests.
want_programs() {
    local missing=() pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}" || printf 'without %s some tests are skipped\n' "${missing[*]}" >&2
}
