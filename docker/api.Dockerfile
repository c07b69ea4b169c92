# The web service and the sweeper: no framework inside.
FROM python:3.11.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/modelferry

COPY pyproject.toml requirements.lock README.md ./
COPY api api
COPY workers workers
COPY shared shared
COPY modelferry modelferry
COPY migrations migrations
# The lock is a constraint here: only what the extra asks for is installed, at the locked version.
RUN pip install --constraint requirements.lock ".[api]" \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin modelferry

USER 10001
ENV MODELFERRY_API_HOST=0.0.0.0 MODELFERRY_API_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['MODELFERRY_API_PORT'] + '/readyz', timeout=4)"]
CMD ["python", "-m", "api"]
