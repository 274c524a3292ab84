#!/bin/sh
# Makes sure that this machine has what a target of the Makefile needs:
#   prerequisites.sh [build] [kafka] [python] [promtool] [maven] [python3.11]
# What is missing is installed, saying so, where one is root on a machine with apt;
# else one line says what is missing and how to get it here.
set -eu

cd "$(dirname "$0")/../.."

missing=''
packages=''

# need WHAT PACKAGE: WHAT is missing, and Debian's PACKAGE brings it.
need() {
    missing="$missing, $1"
    packages="$packages $2"
}

has() { command -v "$1" >/dev/null 2>&1; }

check_build() {
    has cargo || need 'cargo (Rust 1.89 or newer)' "$(first_known rustup)"
    has cc || need 'a C compiler' build-essential
    has make || need 'make' build-essential
    # The vendored OpenSSL's build is a Perl program.
    perl -MFindBin -MIPC::Cmd -MFile::Compare -e 1 2>/dev/null || need 'perl' perl
}

check_kafka() {
    [ "$(java_version)" -ge 17 ] || need 'Java 17 or newer' "$(first_known openjdk-17-jdk-headless openjdk-21-jdk-headless openjdk-25-jdk-headless)"
    # Once the jars are here, Maven isn't needed any more.
    ls -d .cache/kafka-*/ >/dev/null 2>&1 || check_maven
}

check_maven() {
    has mvn || need 'Maven' maven
}

check_python() {
    python3 -c 'import venv, ensurepip' 2>/dev/null || need 'python3 with venv' python3-venv
}

check_python311() {
    # Another version of Debian's wouldn't be python3.
    has_tomllib || need 'Python 3.11 or newer' ''
}

has_tomllib() { python3 -c 'import tomllib' 2>/dev/null; }

java_version() {
    version=$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    echo "${version:-0}"
}

# first_known PACKAGE…: the first that this Debian or Ubuntu has; nothing if none.
first_known() {
    has apt-cache || return 0
    refresh_package_lists >&2
    for package in "$@"; do
        if is_known "$package"; then
            echo "$package"
            return
        fi
    done
}

is_known() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# An image fresh from its maker has no lists.
refresh_package_lists() {
    if [ "$(id -u)" -eq 0 ] && ! is_known maven; then
        apt-get update --quiet </dev/null
    fi
}

install_missing() {
    [ -n "$missing" ] || return 0
    packages=$(printf '%s\n' $packages | sort -u | tr '\n' ' ')
    if ! has apt-get; then
        explain "$(other_system)"
    elif [ -z "${packages# }" ]; then
        explain 'none of the packages here'
    elif [ "$(id -u)" -ne 0 ]; then
        explain "sudo apt-get install ${packages% }"
    fi
    echo "missing: ${missing#, }; installing ${packages% }"
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $packages </dev/null ||
        explain "apt-get update && apt-get install ${packages% }"
    case $packages in *rustup*) rustup default stable ;; esac
    case $missing in *cargo*) has cargo || explain 'the rest is there now' ;; esac
    # Debian's may be older.
    case $missing in *'Python 3.11'*) has_tomllib || explain 'the rest is there now' ;; esac
}

explain() {
    how=$1
    case "$missing $packages" in
        *rustup*) ;;
        # Debian's own cargo is too old.
        *cargo*) how="$how; for Rust: curl https://sh.rustup.rs -sSf | sh" ;;
    esac
    echo "missing: ${missing#, }. Install by: $how" >&2
    exit 1
}

other_system() {
    if has brew; then
        echo 'brew install rustup openjdk maven python'
    elif has dnf; then
        echo 'dnf install rustup gcc make perl java-21-openjdk-headless maven python3'
    elif has apk; then
        echo 'apk add rustup build-base perl bash openjdk17-jdk maven python3'
    elif has pacman; then
        echo 'pacman -S rustup base-devel jdk21-openjdk maven python'
    else
        echo "your system's packages of these"
    fi
}

# Debian's package would start a server: only the tool is taken out of it.
fetch_promtool() {
    has promtool || [ -x .cache/prometheus/usr/bin/promtool ] && return 0
    if ! has apt-get; then
        echo 'missing: promtool. Install Prometheus (https://prometheus.io/download) and put promtool on the PATH' >&2
        exit 1
    fi
    refresh_package_lists
    echo 'missing: promtool; taking it out of the package prometheus into .cache/prometheus'
    mkdir -p .cache/prometheus.new
    (cd .cache/prometheus.new && apt-get download --quiet prometheus && dpkg -x prometheus_*.deb . && rm prometheus_*.deb)
    rm -rf .cache/prometheus
    mv .cache/prometheus.new .cache/prometheus
}

for part in "$@"; do
    case $part in
        build) check_build ;;
        kafka) check_kafka ;;
        python) check_python ;;
        promtool) ;;
        maven) check_maven ;;
        python3.11) check_python311 ;;
        *) echo "prerequisites.sh: no part $part" >&2; exit 2 ;;
    esac
done
install_missing
case " $* " in *' promtool '*) fetch_promtool ;; esac
