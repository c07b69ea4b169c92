# A GPU worker: builds TensorRT engines, runs and measures them. The host has NVIDIA's driver and
# its container toolkit; CUDA's libraries come with torch and tensorrt.
FROM python:3.11.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/modelferry

COPY pyproject.toml requirements.lock README.md ./
COPY docker/gpu-worker.lock docker/gpu-worker.lock
# The default index serves torch with CUDA, which is what this worker wants.
ARG TORCH_INDEX_URL=
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
      pip install --index-url "$TORCH_INDEX_URL" "$(grep '^torch==' requirements.lock)"; \
    fi
# The tensorrt packages are built when they are installed, out of NVIDIA's own index.
RUN pip install "$(grep '^setuptools==' requirements.lock)" "$(grep '^wheel==' requirements.lock)" \
 && pip install --no-build-isolation --requirement docker/gpu-worker.lock
COPY api api
COPY workers workers
COPY shared shared
COPY modelferry modelferry
COPY migrations migrations
RUN pip install --constraint requirements.lock --constraint docker/gpu-worker.lock ".[gpu]" \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin modelferry \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/modelferry

USER 10001
ENV MODELFERRY_WORK_DIR=/var/lib/modelferry MODELFERRY_WORKER_QUEUES=gpu
# NVML for what the worker announces, compute for its steps.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
VOLUME /var/lib/modelferry
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-m", "workers.alive"]
CMD ["python", "-m", "workers"]
