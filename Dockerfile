# syntax=docker/dockerfile:1
#
# Two stages: the first turns the sources into one JavaScript file, the second holds that file and the Deno
# binary on a base without shell or package manager, and runs it as a user without rights.
#
#   docker build -t rpxy-l4 .
#   docker run --read-only --tmpfs /tmp -p 8448:8448/tcp -p 8448:8448/udp -v /srv/rpxy-l4:/etc/rpxy-l4:ro rpxy-l4
#
# /srv/rpxy-l4 holds config.toml. Mount the directory: a mount of the file alone does not follow editors that replace it.

ARG BUILD_IMAGE=docker.io/denoland/deno:2.9.6
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY deno.json deno.lock main.ts ./
COPY src ./src
RUN mkdir -p /out/bin /out/app /out/etc/rpxy-l4 /out/var/log/rpxy-l4 && \
    deno bundle --frozen --platform deno --output /out/app/rpxy-l4.js main.ts && \
    cp "$(command -v deno)" /out/bin/deno

FROM ${RUNTIME_IMAGE}
# The Deno binary and the file are all there is; 65532 is the user "nonroot" of the distroless images.
COPY --from=build /out/bin/deno /usr/local/bin/deno
COPY --from=build /out/app /app
COPY --from=build /out/etc/rpxy-l4 /etc/rpxy-l4
COPY --from=build --chown=65532:65532 /out/var/log/rpxy-l4 /var/log/rpxy-l4
USER 65532:65532
WORKDIR /etc/rpxy-l4
# With a read-only root file system only /tmp, where it is mounted, can be written; Deno needs neither.
ENV DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
STOPSIGNAL SIGTERM
EXPOSE 8448/tcp 8448/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/deno", "run", "--no-prompt", "--no-config", "--no-code-cache", "--unstable-net", \
       "--allow-net", "--allow-read", "/app/rpxy-l4.js", "health", "--config", "/etc/rpxy-l4/config.toml"]
# The C library, on either architecture, is for the native engine.
ENTRYPOINT ["/usr/local/bin/deno", "run", "--no-prompt", "--no-config", "--no-code-cache", "--unstable-net", \
            "--allow-net", "--allow-read", "--allow-write=/var/log/rpxy-l4", \
            "--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6,/lib/aarch64-linux-gnu/libc.so.6", "/app/rpxy-l4.js"]
CMD ["--config", "/etc/rpxy-l4/config.toml"]
