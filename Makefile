# fraud-stream. Without a target: the list of them.

# Where rustup puts cargo, if the shell hasn't heard of it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

LOCAL_STACK := cargo run --release --locked --quiet --bin local-stack --
# For development and tests the daemons can be made to die at any step; releases can't.
WORKSPACE := --locked --workspace --features failpoints
# Prints ratios, and writes JSON to target/bench/.
BENCH := cargo bench --locked --quiet --workspace --bench bench --
PREREQUISITES := crates/local-stack/prerequisites.sh

.DEFAULT_GOAL := help
.PHONY: help demo run build build-release test e2e chaos test-kafka-3.9 lint model goldens \
	bench bench-spark bench-scale bench-core bench-sink bench-model \
	chart chart-readme image-check terraform-check deploy-check supply-chain fmt clean

help: ## List the habits
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build-release ## Do the main job once on a Kafka of its own and sum it up (BROKER=host:port: on yours; SECURED=1: as run)
	@$(LOCAL_STACK) demo

run: build-release ## The same stack on a steady stream until Ctrl+C (BROKER=host:port: on yours; SECURED=1: with TLS, passwords and rights)
	@$(LOCAL_STACK) run

build-release:
	@$(PREREQUISITES) build kafka
	@echo "building: minutes the first time, then seconds"
	@cargo build --release --locked --workspace --bins

build: ## Build everything for development
	@$(PREREQUISITES) build
	cargo build $(WORKSPACE) --bins

test: ## Every test: unit, golden, property, and end to end over a real Kafka
	@$(PREREQUISITES) build kafka python promtool
	cargo build $(WORKSPACE) --bins
	cargo test $(WORKSPACE)

e2e: ## The end-to-end tests alone (T=name: those whose name holds it; SECURED=1: on brokers with TLS, passwords and rights; OLDER=folder: upgrade from the binaries there)
	@$(PREREQUISITES) build kafka python promtool
	cargo build $(WORKSPACE) --bins
	cargo test $(WORKSPACE) --test end_to_end -- $(T)

chaos: ## Kill, freeze and cut off everything under a million transactions (T=name: one fault; SEED=n: as before; DELIVERY=at-least-once)
	@$(PREREQUISITES) build kafka python
	cargo build $(WORKSPACE) --bins
	cargo test $(WORKSPACE) --test chaos -- \
		$(if $(T),"$(T)",--all --transactions 1000000 --kills 100 --rate 1800) $(if $(SEED),--seed $(SEED)) $(if $(DELIVERY),--delivery $(DELIVERY))

test-kafka-3.9: ## The end-to-end tests on Apache Kafka 3.9
	@$(MAKE) e2e KAFKA_VERSION=3.9.1

lint: ## Formatting, clippy and the documentation's links, warnings refused
	@$(PREREQUISITES) build
	cargo fmt --all --check
	cargo clippy $(WORKSPACE) --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items --quiet

model: ## Fit the default model anew on simulated data (minutes; needs Python 3.9 to 3.12)
	@$(PREREQUISITES) build python
	models/retrain

goldens: ## Let six versions of Spark make the golden cases of all stages anew (45 minutes; Python 3.10 to 3.12, JDK 17)
	@$(PREREQUISITES) build kafka python maven
	models/make-goldens

bench: ## Time the scorer beside a C program that only passes messages on, over a real Kafka (10 minutes; ARGS='--transactions 500000')
	@$(PREREQUISITES) build kafka
	@cargo build --release --locked --workspace --bins
	@$(BENCH) kafka $(ARGS)

bench-spark: ## Time the scorer beside the Spark job that it replaces, micro-batches and Real-Time Mode (10 minutes; ARGS='--rounds 1'; Python 3.10 to 3.12, JDK 17)
	@$(PREREQUISITES) build kafka python maven
	@tests/bench/spark/install
	@cargo build --release --locked --workspace --bins
	@$(BENCH) spark $(ARGS)

bench-scale: ## Time the scorer with 1, 2 and 4 workers on 1, 4 and 32 partitions
	@$(PREREQUISITES) build kafka
	@cargo build --release --locked --workspace --bins
	@$(BENCH) scale $(ARGS)

bench-core: ## Time parsing beside sonic-rs and serde_json, and all that a core does between Kafka and Kafka
	@$(PREREQUISITES) build
	@$(BENCH) core $(ARGS)

bench-sink: ## Time results to Parquet beside arrow-json and ArrowWriter
	@$(PREREQUISITES) build
	@$(BENCH) sink $(ARGS)

bench-model: ## Time the engine beside LightGBM, ONNX Runtime, tl2cgen and lleaves, and print the ratios
	@$(PREREQUISITES) build python
	python3 -m venv target/bench-venv
	target/bench-venv/bin/pip install --quiet -r crates/fraud-model/benches/peers/requirements.txt
	target/bench-venv/bin/python crates/fraud-model/benches/peers/bench_model.py

chart: ## Check the Helm chart: lint, Kubernetes' schemas, the daemons' own word (BINARIES=folder: without building)
	@$(if $(BINARIES),,$(MAKE) --no-print-directory build)
	@$(if $(BINARIES),BINARIES=$(BINARIES)) helm/check

chart-readme: ## Write the chart's README from the comments of its values
	@helm/check readme

image-check: ## Run each daemon in the file tree of its image, without a container engine (minutes; root, Debian 12)
	@$(PREREQUISITES) build
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check image

terraform-check: ## Check the Terraform files, and that chart, compose and daemons accept what they hand over (BINARIES=folder: without building)
	@$(if $(BINARIES),,$(MAKE) --no-print-directory build-release)
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check terraform

deploy-check: ## Check guides, images, compose files, Terraform, rules and dashboard, against the running stack (BINARIES=folder: without building)
	@$(MAKE) --no-print-directory image-check
	@$(if $(BINARIES),,$(MAKE) --no-print-directory build-release)
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check guides
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check compose
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check terraform
	@$(if $(BINARIES),BINARIES=$(BINARIES)) deploy/check monitoring

supply-chain: ## Check what the daemons are made of: licences, sources, known vulnerabilities, bundled C; lists in target/sbom
	@$(PREREQUISITES) build python python3.11
	@deploy/supply-chain

fmt: ## Format the code
	cargo fmt --all

clean: ## Remove what was built and downloaded
	cargo clean
	rm -rf .cache
