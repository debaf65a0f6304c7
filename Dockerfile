# The image of the service: the bundled program, on a base with only Node 26.
#
#   docker build --tag registry.example.com/oidc-authz:0.1.0 .
#
# Pin both base images by digest if you build the image for others. To get the digest of a tag:
#
#   docker buildx imagetools inspect NAME:TAG --format '{{.Manifest.Digest}}'
#
# Then build with --build-arg BASE_IMAGE=NAME:TAG@sha256:… and the same for BUILD_IMAGE.
# checkov:skip=CKV_DOCKER_7:the tags are in the arguments below
# checkov:skip=CKV_DOCKER_2:Kubernetes uses /livez and /readyz; without a shell, each health check would start another Node
ARG BUILD_IMAGE=docker.io/library/node:26-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts ./scripts
COPY src ./src
RUN npm run build

# The source maps, to read stack traces: docker build --target source-maps --output source-maps .
FROM scratch AS source-maps
COPY --from=build /app/source-maps /

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oidc-authz" \
  org.opencontainers.image.description="External authorizer for Envoy, Istio and Kyma: verifies the bearer token of every request" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY protos ./protos
COPY package.json LICENSE ./
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8000 9000 8081
# The process may read its own files, /etc and the run directories. It may not write files, or start processes, threads or
# add-ons. No debugger can attach.
ENTRYPOINT ["/nodejs/bin/node", "--permission", "--allow-net", "--allow-fs-read=/app", "--allow-fs-read=/etc", "--allow-fs-read=/run", "--allow-fs-read=/var/run", "--allow-fs-read=/proc/self", "--disable-warning=ExperimentalWarning", "--disable-proto=delete", "--disable-sigusr1", "--disallow-code-generation-from-strings", "/app/dist/main.js"]
