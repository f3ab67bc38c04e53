#!/bin/sh
# Installs what is missing and nothing else: system packages, .venv, node_modules.
#   stack/install.sh run    what running needs        stack/install.sh test    also what the tests need
# When everything is there it takes milliseconds. Starts and stops no service of the system.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
logs=${MILLRACE_DATA:-var}/logs
log=$logs/install.log
PATH=$PATH:/usr/sbin:/sbin

fail() {
    printf 'Millrace: %s\n' "$1" >&2
    exit 1
}

# --- What is missing

pick_python() {
    for version in 3.14 3.13 3.12 3.11; do
        candidate=/usr/bin/python$version # the system's own: a pyenv shim may vanish or change under us
        if [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

python_packages() {
    # Ubuntu 22.04's python3 is 3.10; it has 3.11 under its own name. Only known once the package lists are there.
    case $(apt-cache policy python3 2>/dev/null | sed -n 's/^  Candidate: //p') in
    3.[0-9].* | 3.10.*) echo python3.11 python3.11-venv ;;
    *) echo python3 python3-venv ;;
    esac
}

has_file() { # has_file PATTERN…: does any of them exist?
    for file in "$@"; do
        [ -e "$file" ] && return 0
    done
    return 1
}

missing_packages() {
    command -v ffmpeg >/dev/null || echo ffmpeg
    command -v nginx >/dev/null || echo nginx
    has_file /usr/lib/nginx/modules/ngx_rtmp_module.so /usr/share/nginx/modules/ngx_rtmp_module.so || echo libnginx-mod-rtmp
    has_file /usr/lib/nginx/modules/ngx_http_brotli_static_module.so /usr/share/nginx/modules/ngx_http_brotli_static_module.so ||
        if_known libnginx-mod-http-brotli-static # pages are a tenth heavier without it
    command -v redis-server >/dev/null || echo redis-server
    has_file /usr/lib/postgresql/*/bin/postgres || command -v postgres >/dev/null || echo postgresql
    command -v npm >/dev/null || echo npm
    [ -n "$(pick_python)" ] || echo python3
    if [ "$purpose" = test ]; then
        has_file /usr/bin/chromium /usr/bin/google-chrome || browser_package
        has_file /usr/bin/chromium-headless-shell || if_known chromium-headless-shell # saves a third of the work of all tests
        command -v ii >/dev/null || echo ii # an IRC client, for tests
        command -v radosgw >/dev/null || echo radosgw # and an S3 service
        command -v ceph-mon >/dev/null || echo ceph-mon
        command -v ceph-osd >/dev/null || echo ceph-osd
        command -v ceph >/dev/null || echo ceph-common
        has_file /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf || echo fonts-dejavu-core
    fi
}

if_known() { # if_known PACKAGE: not every release has it, and nothing depends on it
    ! apt-cache show "$1" >/dev/null 2>&1 || echo "$1"
}

browser_package() {
    # Ubuntu's chromium is a snap, which neither plays H.264 for a test nor installs in a container.
    if grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then
        fail "the tests need Google Chrome on Ubuntu: install it from https://www.google.com/chrome/ and run this again."
    fi
    echo chromium
}

# --- System packages

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

check_can_install() { # check_can_install PACKAGES: one sentence to copy when they cannot be installed from here
    set -- "$(echo "$1" | sed "s/\<python3\>/$(python_packages)/")"
    command -v apt-get >/dev/null ||
        fail "this system has no apt-get; install the equivalents of these Debian packages yourself: $1."
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            fail "these packages are missing and there is no sudo; as root: apt-get install --no-install-recommends $1."
        if ! sudo -n true 2>/dev/null; then
            [ -t 0 ] || fail "sudo asks for a password and there is no terminal; as root: apt-get install --no-install-recommends $1."
            echo "sudo may ask for your password, to install: $1"
            sudo -v || fail "sudo refused; as root: apt-get install --no-install-recommends $1."
        fi
    fi
}

install_packages() {
    check_can_install "$*"
    forbid_starting_services
    apt "package lists" update
    # shellcheck disable=SC2046  several packages; looked for again, as the lists may have been empty
    set -- $(missing_packages)
    for package in "$@"; do
        shift
        # shellcheck disable=SC2046  several packages
        if [ "$package" = python3 ]; then set -- "$@" $(python_packages); else set -- "$@" "$package"; fi
    done
    apt "system packages" install --yes --no-install-recommends "$@"
    if [ -d /run/systemd/system ]; then # nor at the next boot: the stack brings its own
        for service in nginx redis-server postgresql; do
            case " $* " in *" $service "*) as_root systemctl disable --quiet $service 2>>"$log" || true ;; esac
        done
    fi
    allow_starting_services
}

policy=/usr/sbin/policy-rc.d # Debian's way of saying that installing a package shall start no service
made_policy=

forbid_starting_services() {
    [ ! -e $policy ] || return 0
    made_policy=yes
    trap allow_starting_services EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
}

allow_starting_services() {
    [ -z "$made_policy" ] || as_root rm -f $policy
    made_policy=
}

apt() { # apt LABEL ARGUMENT…: with a percentage on the terminal; half of it is downloading
    label=$1
    shift
    status=$logs/.apt-status
    # Progress goes to descriptor 3, which sudo would close: so it is opened on the other side of sudo.
    { as_root env DEBIAN_FRONTEND=noninteractive sh -c 'exec apt-get "$@" 3>&1 >&2' apt-get \
        -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" 2>>"$log" </dev/null ||
        echo failed >"$status"; } |
        awk -F: '/^dlstatus:/ { print int($3 / 2); fflush() } /^pmstatus:/ { print int(50 + $3 / 2); fflush() }' |
        show_progress "$label"
    if [ -e "$status" ]; then
        rm -f "$status"
        explain "$label"
    fi
}

# --- Progress and failure, one line each

show_progress() { # reads percentages
    if [ -t 1 ]; then
        while read -r percent; do printf '\r  %-24s %3d %%' "$1" "$percent"; done
        if [ -e "$status" ]; then echo; else printf '\r  %-24s done \n' "$1"; fi
    else
        printf '  %s …\n' "$1"
        cat >/dev/null
    fi
}

explain() {
    reason=$(grep -E '^(E: |ERROR|npm (ERR!|error) )' "$log" | tail -n 1 | cut -c -200)
    fail "installing $1 failed${reason:+ ($reason)}. Is this machine online? All of it is in $log."
}

counted() { # counted LABEL TOTAL PATTERN COMMAND…: percentage = lines that match PATTERN of TOTAL
    label=$1 total=$2 pattern=$3
    shift 3
    status=$logs/.step-status
    { "$@" 2>&1 || echo failed >"$status"; } | tee -a "$log" |
        awk -v total="$total" -v pattern="$pattern" '$0 ~ pattern { n++; print int(n < total ? n * 95 / total : 95); fflush() }' |
        show_progress "$label"
    if [ -e "$status" ]; then
        rm -f "$status"
        explain "$label"
    fi
}

# --- Python and npm packages. A stamp with the lock file's hash says that it is done.

hash_of() { sha256sum "$@" | sha256sum | cut -c -64; }

install_python_packages() { # install_python_packages FILE
    stamp=.venv/.installed-$1
    wanted=$(hash_of "$1")
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    counted "Python ($1)" "$(grep -c '==' "$1")" '^Collecting|^Requirement already' \
        .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes -r "$1"
    echo "$wanted" >"$stamp"
}

install_browser_packages() {
    stamp=node_modules/.installed
    wanted="$(hash_of package-lock.json)"
    case $(cat "$stamp" 2>/dev/null) in
    "$wanted test") return ;;
    "$wanted run") [ "$purpose" = run ] && return ;;
    esac
    omit=--omit=dev
    [ "$purpose" = test ] && omit=
    # shellcheck disable=SC2086
    counted "browser packages" 1 '^added' npm ci $omit --no-audit --no-fund
    echo "$wanted $purpose" >"$stamp"
}

packages=$(missing_packages) || exit 1
packages=$(echo $packages)
mkdir -p "$logs" 2>/dev/null && [ -w "$logs" ] ||
    fail "$logs cannot be written by $(id -un): was it made by another user? Fix its owner or choose another place with MILLRACE_DATA."
[ -z "$packages" ] || : >"$log"
# shellcheck disable=SC2086  a list of packages
[ -z "$packages" ] || install_packages $packages

# A virtual environment knows where it was made, and breaks when the checkout moves.
if [ "$(cat .venv/.made-in 2>/dev/null)" != "$PWD" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(pick_python)
    [ -n "$python" ] || fail "no Python 3.11 or newer was found in /usr/bin; install the packages python3.11 and python3.11-venv."
    rm -rf .venv
    "$python" -m venv .venv 2>>"$log" || explain "the virtual environment"
    echo "$PWD" >.venv/.made-in
fi
install_python_packages requirements.txt
[ "$purpose" = run ] || install_python_packages requirements-dev.txt
install_browser_packages
