# Checks the base's own interpreter, as the user that the image will have.
FROM python:3.12-slim-bookworm AS check
USER 0
COPY check /tmp/samebox/check
RUN set -eu; \
    mkdir /tmp/samebox/report; \
    chown 1000:1000 /tmp/samebox/report
USER 1000:1000
RUN set -eu; \
    [ -x /usr/bin/python3 ] || { echo "samebox: the base image python:3.12-slim-bookworm has no /usr/bin/python3 that its user may run; set docker.interpreter-path" >&2; exit 1; }; \
    /usr/bin/python3 -s -c 'import sys; sys.exit(sys.version_info < (3, 8))' || { echo "samebox: /usr/bin/python3 of the base image python:3.12-slim-bookworm must be Python 3.8 or later; set docker.interpreter-path" >&2; exit 1; }; \
    /usr/bin/python3 -B -s /tmp/samebox/check/check_packages.py /tmp/samebox/check/packages.txt --report /tmp/samebox/report/packages.txt \
      --packaging /tmp/samebox/check/wheels/packaging-26.2-py3-none-any.whl --sha256 5fc45236b9446107ff2415ce77c807cee2862cb6fac22b8a73826d0693b0980e

FROM python:3.12-slim-bookworm
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
CMD ["python3"]
