# Installs the locked environment. Whatever comes in is checked against its sha256.
FROM --platform=${BUILDPLATFORM:-linux/amd64} python:3.12-slim-bookworm AS build
# This stage is not shipped, so it may be root.
# hadolint ignore=DL3002
USER 0
ARG TARGETARCH
ARG PIP_INDEX_URL
COPY installer /tmp/samebox/installer
RUN --mount=type=cache,id=samebox-downloads,target=/tmp/samebox-cache,sharing=locked \
    set -eu; \
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
    case "$(uname -m)" in \
      x86_64) installer=linux-64 ;; \
      aarch64) installer=linux-aarch64 ;; \
      *) echo "samebox: this context has no installer for $(uname -m); let BUILDPLATFORM be linux/amd64 or linux/arm64" >&2; exit 1 ;; \
    esac; \
    /tmp/samebox-installer/bin/python -I -m pip install --cache-dir /tmp/samebox-cache/pip --disable-pip-version-check --no-compile --no-deps --only-binary :all: --require-hashes \
      -r "/tmp/samebox/installer/$installer.txt"
COPY locks /tmp/samebox/locks
ARG SAMEBOX_MIRRORS
RUN --mount=type=cache,id=samebox-downloads,target=/tmp/samebox-cache,sharing=locked \
    set -eu; \
    platform="$(cat /tmp/samebox/platform)"; \
    set -- "/tmp/samebox/locks/$platform.json" --prefix /opt/env; \
    for mirror in ${SAMEBOX_MIRRORS:-}; do set -- "$@" --mirror "$mirror"; done; \
    set -- "$@" --cache /tmp/samebox-cache/artifacts; \
    /tmp/samebox-installer/bin/python -I /tmp/samebox/installer/slice_installer.py "$@"

FROM --platform=${TARGETPLATFORM:-linux/amd64} debian:bookworm-slim
USER 0
ARG TARGETARCH
RUN set -eu; \
    case "${TARGETARCH:-$(uname -m)}" in \
      amd64|x86_64) machine=x86_64 ;; \
      arm64|aarch64) machine=aarch64 ;; \
      *) echo "samebox: the lock has no platform for ${TARGETARCH:-$(uname -m)}; it has: linux-64 linux-aarch64" >&2; exit 1 ;; \
    esac; \
    [ "$(uname -m)" = "$machine" ] || { echo "samebox: the base image debian:bookworm-slim is for $(uname -m) here, and the image for $machine; give the builder its --platform" >&2; exit 1; }
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
      *) echo "samebox: the base image debian:bookworm-slim has no glibc (found: $libc); set docker.base-image to a glibc-based image" >&2; exit 1 ;; \
    esac; \
    if [ "${have%%.*}" -lt "${need%%.*}" ] || \
      { [ "${have%%.*}" -eq "${need%%.*}" ] && [ "$minor" -lt "${need#*.}" ]; }; then \
      echo "samebox: the base image debian:bookworm-slim has glibc $have, but $need or later is needed; set docker.base-image to a newer image" >&2; exit 1; \
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
ENV CONDA_PREFIX=/opt/env \
    PATH=/opt/env/bin:$PATH
LABEL io.samebox.lock.digest="sha256:0000000000000000000000000000000000000000000000000000000000000000" \
      org.opencontainers.image.title="demo"
WORKDIR /home/samebox
USER 1000:1000
CMD ["python", "-m", "demo"]
