# One image with every binary of Weir: docker build -t weir:0.1.0 .
# A container says which one it runs: docker run weir:0.1.0 weir-ingest --help
# What it is built on is named by tag and digest, those of every architecture: the tag says what it is, the digest alone counts.

FROM rust:1.95.0-slim-trixie@sha256:e14e87345b4d5964ddcc3491d27ee046a0f23820f340c3c1e24da6880141f7c0 AS build

# librdkafka is built from source, with its OpenSSL, zlib, zstd and libcurl, and so is jemalloc. Debian drops old versions of packages, so
# that pinning them would break the build with every point release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake g++ make perl \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY . .
# The caches outlive the step, the binaries have to be copied out of them. jemalloc ends on a kernel whose pages are larger than those
# that it was built for: arm64 has them up to 64 KiB.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    if [ "$(uname -m)" = aarch64 ]; then export JEMALLOC_SYS_WITH_LG_PAGE=16; fi \
    && cargo build --release --locked --bins \
        --package weir --package weir-ingest --package weir-messages \
        --package weir-lookups --package weir-metrics --package weir-replies --package weir-media \
        --package weir-runtime --features weir-runtime/oidc \
    && mkdir -p /out/bin /out/spool /out/media \
    && find target/release -maxdepth 1 -type f -perm /111 \( -name weir -o -name 'weir-*' \) -exec cp -t /out/bin {} +

# glibc, libgcc and the certificates of public authorities; no shell, no package manager.
FROM gcr.io/distroless/cc-debian13:nonroot@sha256:e792ab3d241a468a4fd7519ddbbebe66b49b5f365771716ea688ad40b6c6f1c2

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Weir" \
      org.opencontainers.image.description="Takes Meta's webhooks, proves that Meta signed them, and lays them out on Kafka" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /out/bin/ /usr/local/bin/
# A volume that is mounted here for the first time belongs to whom the folder belongs to.
COPY --from=build --chown=65532:65532 /out/spool /var/lib/weir/spool
COPY --from=build --chown=65532:65532 /out/media /var/lib/weir/media

# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Webhooks; metrics and probes.
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["weir", "health"]
CMD ["weir", "--help"]
