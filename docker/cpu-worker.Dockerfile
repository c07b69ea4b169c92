# A CPU worker: every framework and the builder of RTX engines, one process per step.
FROM python:3.11.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/modelferry

COPY pyproject.toml requirements.lock README.md ./
# The default index serves torch with CUDA; give the index of its CPU builds to save gigabytes.
ARG TORCH_INDEX_URL=
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
      pip install --index-url "$TORCH_INDEX_URL" "$(grep '^torch==' requirements.lock)"; \
    fi
COPY api api
COPY workers workers
COPY shared shared
COPY modelferry modelferry
COPY migrations migrations
RUN pip install --constraint requirements.lock ".[worker]" \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin modelferry \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/modelferry
# What builds TensorRT-RTX engines without a GPU; the compiler is wanted for this alone.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && python -m workers.tensorrt_bridge.build \
 && apt-get purge --yes --auto-remove gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*

USER 10001
ENV MODELFERRY_WORK_DIR=/var/lib/modelferry MODELFERRY_WORKER_QUEUES=cpu
VOLUME /var/lib/modelferry
# The worker finishes or hands back what it runs before it goes.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-m", "workers.alive"]
CMD ["python", "-m", "workers"]
