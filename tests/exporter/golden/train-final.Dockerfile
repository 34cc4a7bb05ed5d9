FROM debian:bookworm-slim
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
COPY --from=build /opt/env /opt/env
ENV GREETING="hi" \
    RATE="0.1"
ENV CONDA_PREFIX=/opt/env \
    PATH=/opt/env/bin:$PATH
LABEL io.samebox.environment.digest.linux-64="sha256:2d47575f00c16bebe3aa6993a1c448069b945b569d952891e27e1e1f17c2abe9" \
      io.samebox.groups="main" \
      io.samebox.lock.digest="sha256:898ff5ddfb2d993ed516073130dbb7dc91fb0dff8060f092286016e6bfd37f30" \
      io.samebox.platform="linux-64" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.title="demo" \
      org.opencontainers.image.version="898ff5ddfb2d"
COPY --from=files /tmp/samebox/application/source /app
WORKDIR /app
USER 1000:1000
ENTRYPOINT ["/opt/env/bin/python", "-u", "/app/src/train.py"]
CMD ["--name", "a \"b\" $HOME"]
