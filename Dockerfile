# The image of the action: one static binary, the certificates that it asks GitHub's API
# with, and an empty /tmp to unpack into.
#
# The base is pinned by the digest of its multi-architecture index. To bump it, with the
# toolchain of go.mod:
#     docker buildx imagetools inspect golang:1.26.8-bookworm --format '{{.Manifest.Digest}}'
# It is an argument so that a machine which reaches no registry can put its own in its
# place (scripts/base-images).
ARG GO_IMAGE=golang:1.26.8-bookworm@sha256:dc9ad6c05acc7a88e5b71bde60a5fe3bd4b9f0db209011711b464107438a8107

FROM ${GO_IMAGE} AS build
ARG GOPROXY=https://proxy.golang.org,direct
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir -p /image/etc/ssl/certs /image/tmp && chmod 1777 /image/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/
ARG VERSION=
# As scripts/release builds: what is in the image is a program of the release.
RUN scripts/program /image/codewarrant "${VERSION}"

# No USER: GitHub runs container actions as root, and only root can write the
# files that take the outputs and the job summary (actions/runner FileCommandManager).
FROM scratch
COPY --from=build /image /
ENTRYPOINT ["/codewarrant"]
