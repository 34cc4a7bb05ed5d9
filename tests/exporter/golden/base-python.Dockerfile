# Installs the locked environment. Whatever comes in is checked against its sha256.
FROM python:3.12-slim-bookworm AS build
# This stage is not shipped, so it may be root.
# hadolint ignore=DL3002
USER 0
ARG TARGETARCH
COPY installer /tmp/samebox/installer
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
      amd64|x86_64) platform=linux-64 ;; \
      *) echo "samebox: the lock has no platform for ${TARGETARCH:-$(uname -m)}; it has: linux-64" >&2; exit 1 ;; \
    esac; \
    echo "$platform" >/tmp/samebox/platform; \
    need=2.28; \
    libc="$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 || true)"; \
    libc="$(printf '%s' "${libc%%Copyright*}")"; \
    have="${libc##* }"; minor="${have#*.}"; minor="${minor%%[!0-9]*}"; \
    case "$have" in \
      [0-9]*.[0-9]*) ;; \
      *) echo "samebox: the base image python:3.12-slim-bookworm has no glibc (found: $libc); set docker.base-image to a glibc-based image" >&2; exit 1 ;; \
    esac; \
    if [ "${have%%.*}" -lt "${need%%.*}" ] || \
      { [ "${have%%.*}" -eq "${need%%.*}" ] && [ "$minor" -lt "${need#*.}" ]; }; then \
      echo "samebox: the base image python:3.12-slim-bookworm has glibc $have, but $need or later is needed; set docker.base-image to a newer image" >&2; exit 1; \
    fi; \
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
      { echo "samebox: the base image python:3.12-slim-bookworm must have Python 3.11 or later as python3; set docker.base-image" >&2; exit 1; }; \
    python3 -m venv /tmp/samebox-installer || \
      { echo "samebox: the base image python:3.12-slim-bookworm must have the module venv (Debian: python3-venv); set docker.base-image" >&2; exit 1; }; \
    /tmp/samebox-installer/bin/python -I -m pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps --only-binary :all: --require-hashes --no-index --find-links /tmp/samebox/installer/wheels \
      -r "/tmp/samebox/installer/$platform.txt"
COPY locks /tmp/samebox/locks
COPY artifacts /tmp/samebox/artifacts
RUN set -eu; \
    platform="$(cat /tmp/samebox/platform)"; \
    set -- "/tmp/samebox/locks/$platform.json" --prefix /opt/env; \
    set -- "$@" --python "$(command -v python3)"; \
    set -- "$@" --artifacts /tmp/samebox/artifacts; \
    /tmp/samebox-installer/bin/python -I /tmp/samebox/installer/slice_installer.py "$@"

FROM python:3.12-slim-bookworm
USER 0
RUN set -eu; \
    known=""; \
    while IFS=: read -r name _ uid _; do \
      if [ "$name" = samebox ]; then known="$uid"; fi; \
    done </etc/passwd; \
    case "$known" in \
      "") echo 'samebox:x:1234:0::/home/samebox:/bin/sh' >>/etc/passwd ;; \
      1234) ;; \
      *) echo "samebox: the base image has a user samebox with the uid $known; set docker.user to another" >&2; exit 1 ;; \
    esac; \
    [ -d /home/samebox ] || { mkdir -p /home/samebox; chown 1234:0 /home/samebox; }; \
    [ -d /srv/app ] || { mkdir -p /srv/app; chown 1234:0 /srv/app; }
COPY --from=build /opt/env /opt/env
ENV PATH=/opt/env/bin:$PATH
LABEL io.samebox.lock.digest="sha256:0000000000000000000000000000000000000000000000000000000000000000" \
      org.opencontainers.image.title="demo"
WORKDIR /srv/app
USER 1234:0
