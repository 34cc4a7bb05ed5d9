FROM debian:bookworm-slim
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
    [ -d /home/samebox ] || { mkdir -p /home/samebox; chown 1234:0 /home/samebox; }
COPY --from=build /opt/env /opt/env
ENV GREETING="hi" \
    SAMEBOX_ENTRY="/app/score.py" \
    SAMEBOX_MODEL_DIR="/model" \
    SAMEBOX_PORT="9000" \
    SAMEBOX_SERVER="waitress"
ENV CONDA_PREFIX=/opt/env \
    PATH=/opt/env/bin:$PATH
LABEL io.samebox.environment.digest.linux-64="sha256:c03f9041daa88a2b4e85bd45608d616e6907c3402d135c1bef8434ddaa495877" \
      io.samebox.groups="main serve" \
      io.samebox.lock.digest="sha256:898ff5ddfb2d993ed516073130dbb7dc91fb0dff8060f092286016e6bfd37f30" \
      io.samebox.platform="linux-64" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.title="demo" \
      org.opencontainers.image.version="898ff5ddfb2d"
COPY --from=files /tmp/samebox/application/source /app
COPY --from=files /tmp/samebox/application/model /model
COPY --from=files /tmp/samebox/application/server /opt/samebox
WORKDIR /app
USER 1234:0
EXPOSE 9000 9001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/opt/env/bin/python", "/opt/samebox/scoring_server.py", "--health"]
ENTRYPOINT ["/opt/env/bin/python", "-u", "/opt/samebox/scoring_server.py"]
