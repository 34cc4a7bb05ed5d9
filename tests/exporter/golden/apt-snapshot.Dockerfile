FROM nvidia/cuda:12.6.3-base-ubuntu24.04 AS system
# The stage that is shipped comes later.
# hadolint ignore=DL3002
USER 0
# The snapshot pins the versions.
# hadolint ignore=DL3008
RUN set -eu; \
    command -v apt-get >/dev/null || \
      { echo "samebox: the base image nvidia/cuda:12.6.3-base-ubuntu24.04 has no apt-get, which docker.apt needs; set docker.gpu-base-image to a Debian or Ubuntu" >&2; exit 1; }; \
    set -- -o APT::Update::Error-Mode=any; \
    [ -e /etc/ssl/certs/ca-certificates.crt ] || \
      { echo "samebox: the base image nvidia/cuda:12.6.3-base-ubuntu24.04 has no certificates for https; write docker.apt-mirror with http://, since packages are signed" >&2; exit 1; }; \
    . /etc/os-release; \
    codename="${VERSION_CODENAME:-}"; components=main; signed=""; \
    [ -n "$codename" ] || \
      { echo "samebox: the base image nvidia/cuda:12.6.3-base-ubuntu24.04 does not say which suite of Debian it is; set docker.gpu-base-image to another" >&2; exit 1; }; \
    if [ "${ID:-}" = ubuntu ]; then components="main universe"; fi; \
    for keyring in "${ID:-}-archive-keyring.pgp" "${ID:-}-archive-keyring.gpg"; do \
      if [ -e "/usr/share/keyrings/$keyring" ]; then signed="[signed-by=/usr/share/keyrings/$keyring] "; fi; \
    done; \
    { \
      echo "deb ${signed}https://snapshot.example.org/archive/debian/20260115T000000Z/ ${codename} ${components}"; \
      echo "deb ${signed}https://snapshot.example.org/archive/debian-security/20260115T000000Z/ ${codename}-security ${components}"; \
    } >/tmp/samebox-apt.list; \
    set -- "$@" -o Dir::Etc::SourceList=/tmp/samebox-apt.list -o Dir::Etc::SourceParts=- \
      -o Acquire::Check-Valid-Until=false; \
    apt-get "$@" update; \
    DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH=315532800 apt-get "$@" install --yes --no-install-recommends \
      git libgl1; \
    rm -rf /var/lib/apt/lists/*; \
    find /var/cache/apt -type f -delete; \
    find /var/log -type f -delete; \
    rm -rf /var/cache/ldconfig/aux-cache /var/cache/fontconfig/*; \
    rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-; \
    rm -f /etc/ssh/ssh_host_*_key* /var/lib/dbus/machine-id; \
    [ ! -e /etc/machine-id ] || : >/etc/machine-id; \
    rm -f /tmp/samebox-apt.list

# Installs the locked environment. Whatever comes in is checked against its sha256.
FROM python:3.12-slim-bookworm AS build
# This stage is not shipped, so it may be root.
# hadolint ignore=DL3002
USER 0
ARG TARGETARCH
ARG PIP_INDEX_URL
COPY installer /tmp/samebox/installer
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
      amd64|x86_64) platform=linux-64 ;; \
      arm64|aarch64) platform=linux-aarch64 ;; \
      *) echo "samebox: the lock has no platform for ${TARGETARCH:-$(uname -m)}; it has: linux-64 linux-aarch64" >&2; exit 1 ;; \
    esac; \
    echo "$platform" >/tmp/samebox/platform; \
    need=2.28; \
    libc="$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 || true)"; \
    libc="$(printf '%s' "${libc%%Copyright*}")"; \
    have="${libc##* }"; minor="${have#*.}"; minor="${minor%%[!0-9]*}"; \
    case "$have" in \
      [0-9]*.[0-9]*) ;; \
      *) echo "samebox: the build image python:3.12-slim-bookworm has no glibc (found: $libc); set docker.build-image to a glibc-based image" >&2; exit 1 ;; \
    esac; \
    if [ "${have%%.*}" -lt "${need%%.*}" ] || \
      { [ "${have%%.*}" -eq "${need%%.*}" ] && [ "$minor" -lt "${need#*.}" ]; }; then \
      echo "samebox: the build image python:3.12-slim-bookworm has glibc $have, but $need or later is needed; set docker.build-image to a newer image" >&2; exit 1; \
    fi; \
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
      { echo "samebox: the build image python:3.12-slim-bookworm must have Python 3.11 or later as python3; set docker.build-image" >&2; exit 1; }; \
    python3 -m venv /tmp/samebox-installer || \
      { echo "samebox: the build image python:3.12-slim-bookworm must have the module venv (Debian: python3-venv); set docker.build-image" >&2; exit 1; }; \
    /tmp/samebox-installer/bin/python -I -m pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps --only-binary :all: --require-hashes \
      -r "/tmp/samebox/installer/$platform.txt"
COPY locks /tmp/samebox/locks
ARG SAMEBOX_MIRRORS
RUN set -eu; \
    platform="$(cat /tmp/samebox/platform)"; \
    set -- "/tmp/samebox/locks/$platform.json" --prefix /opt/env; \
    for mirror in ${SAMEBOX_MIRRORS:-}; do set -- "$@" --mirror "$mirror"; done; \
    /tmp/samebox-installer/bin/python -I /tmp/samebox/installer/slice_installer.py "$@"

FROM system
USER 0
ARG TARGETARCH
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
      amd64|x86_64) need=2.28 ;; \
      arm64|aarch64) need=2.34 ;; \
      *) echo "samebox: the lock has no platform for ${TARGETARCH:-$(uname -m)}; it has: linux-64 linux-aarch64" >&2; exit 1 ;; \
    esac; \
    libc="$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 || true)"; \
    libc="$(printf '%s' "${libc%%Copyright*}")"; \
    have="${libc##* }"; minor="${have#*.}"; minor="${minor%%[!0-9]*}"; \
    case "$have" in \
      [0-9]*.[0-9]*) ;; \
      *) echo "samebox: the base image nvidia/cuda:12.6.3-base-ubuntu24.04 has no glibc (found: $libc); set docker.gpu-base-image to a glibc-based image" >&2; exit 1 ;; \
    esac; \
    if [ "${have%%.*}" -lt "${need%%.*}" ] || \
      { [ "${have%%.*}" -eq "${need%%.*}" ] && [ "$minor" -lt "${need#*.}" ]; }; then \
      echo "samebox: the base image nvidia/cuda:12.6.3-base-ubuntu24.04 has glibc $have, but $need or later is needed; set docker.gpu-base-image to a newer image" >&2; exit 1; \
    fi
RUN set -eu; \
    known=""; \
    while IFS=: read -r name _ uid _; do \
      if [ "$name" = samebox ]; then known="$uid"; fi; \
    done </etc/passwd; \
    case "$known" in \
      "") echo 'samebox:x:1000:1000::/home/samebox:/bin/sh' >>/etc/passwd; echo 'samebox:x:1000:' >>/etc/group ;; \
      1000) ;; \
      *) echo "samebox: the base image has a user samebox with the uid $known; set docker.user to another" >&2; exit 1 ;; \
    esac; \
    [ -d /home/samebox ] || { mkdir -p /home/samebox; chown 1000:1000 /home/samebox; }
COPY --from=build /opt/env /opt/env
ENV GREETING="say \"\$hello\"" \
    NVIDIA_DRIVER_CAPABILITIES="compute,utility" \
    NVIDIA_VISIBLE_DEVICES="all"
ENV CONDA_PREFIX=/opt/env \
    PATH=/opt/env/bin:$PATH
LABEL io.samebox.lock.digest="sha256:0000000000000000000000000000000000000000000000000000000000000000" \
      org.opencontainers.image.title="demo"
WORKDIR /home/samebox
USER 1000:1000
