ARG TAG=12
FROM debian:${TAG} AS build
FROM debian:${TAG} AS base
USER 1

FROM base AS system
# The stage that is shipped comes later.
# hadolint ignore=DL3002
USER 0
# docker.apt-snapshot would pin the versions.
# hadolint ignore=DL3008
RUN set -eu; \
    command -v apt-get >/dev/null || \
      { echo "samebox: the image of docker.base-dockerfile has no apt-get, which docker.apt needs; set docker.base-dockerfile to a Debian or Ubuntu" >&2; exit 1; }; \
    set -- -o APT::Update::Error-Mode=any; \
    apt-get "$@" update; \
    DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH=315532800 apt-get "$@" install --yes --no-install-recommends \
      python3-numpy python3-requests; \
    rm -rf /var/lib/apt/lists/*; \
    find /var/cache/apt -type f -delete; \
    find /var/log -type f -delete; \
    rm -rf /var/cache/ldconfig/aux-cache /var/cache/fontconfig/*; \
    rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-; \
    rm -f /etc/ssh/ssh_host_*_key* /var/lib/dbus/machine-id; \
    [ ! -e /etc/machine-id ] || : >/etc/machine-id; \
    rm -f /tmp/samebox-apt.list

FROM python:3.12-slim-bookworm AS fetch
# This stage is not shipped, so it may be root.
# hadolint ignore=DL3002
USER 0
ARG PIP_INDEX_URL
COPY check /tmp/samebox/check
RUN set -eu; \
    python3 -m venv /tmp/samebox-installer || { echo "samebox: the build image python:3.12-slim-bookworm must have Python as python3, with venv; set docker.build-image" >&2; exit 1; }; \
    /tmp/samebox-installer/bin/python -I -m pip download --no-cache-dir --disable-pip-version-check --no-deps \
      --only-binary :all: --require-hashes --dest /tmp/samebox/check/wheels -r /tmp/samebox/check/requirements.txt

# Checks the base's own interpreter, as the user that the image will have.
FROM system AS check
USER 0
COPY check /tmp/samebox/check
COPY --from=fetch /tmp/samebox/check/wheels /tmp/samebox/check/wheels
RUN set -eu; \
    mkdir /tmp/samebox/report; \
    chown 1000:1000 /tmp/samebox/report
USER 1000:1000
RUN set -eu; \
    [ -x /usr/bin/python3 ] || { echo "samebox: the image of docker.base-dockerfile has no /usr/bin/python3 that its user may run; set docker.interpreter-path" >&2; exit 1; }; \
    /usr/bin/python3 -s -c 'import sys; sys.exit(sys.version_info < (3, 8))' || { echo "samebox: /usr/bin/python3 of the image of docker.base-dockerfile must be Python 3.8 or later; set docker.interpreter-path" >&2; exit 1; }; \
    /usr/bin/python3 -B -s /tmp/samebox/check/check_packages.py /tmp/samebox/check/packages.txt --report /tmp/samebox/report/packages.txt \
      --packaging /tmp/samebox/check/wheels/packaging-26.2-py3-none-any.whl --sha256 5fc45236b9446107ff2415ce77c807cee2862cb6fac22b8a73826d0693b0980e

FROM system
USER 0
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
COPY --from=check /tmp/samebox/report/packages.txt /usr/share/samebox/packages.txt
ENV GREETING="say \"\$hello\""
LABEL io.samebox.lock.digest="sha256:0000000000000000000000000000000000000000000000000000000000000000" \
      org.opencontainers.image.title="demo"
WORKDIR /home/samebox
USER 1000:1000
