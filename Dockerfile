# The image of the action: one static binary on a base with no shell.
#
# Both bases are pinned by the digest of their multi-architecture index. To bump one:
#     docker buildx imagetools inspect golang:1.26.8-bookworm --format '{{.Manifest.Digest}}'
# They are arguments so that a machine which reaches no registry can put its own in
# their place (scripts/base-images).
ARG GO_IMAGE=golang:1.26.8-bookworm@sha256:dc9ad6c05acc7a88e5b71bde60a5fe3bd4b9f0db209011711b464107438a8107
ARG BASE_IMAGE=gcr.io/distroless/static-debian12:latest@sha256:d75cdd72874d4790092fcb1b058493ecf6bb5bf2b2b897045b00ff01d91843f2

FROM ${GO_IMAGE} AS build
ARG GOPROXY=https://proxy.golang.org,direct
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath \
    -ldflags "-s -w -X github.com/codewarrant/codewarrant/internal/cli.version=${VERSION}" \
    -o /codewarrant .

# No USER: GitHub runs container actions as root, and only root can write the
# files that take the outputs and the job summary (actions/runner FileCommandManager).
FROM ${BASE_IMAGE}
COPY --from=build /codewarrant /codewarrant
ENTRYPOINT ["/codewarrant"]
