# Everything a person runs here. `just` alone lists it.

# Where generated captures and measurements go.
captures := "target/captures"

[private]
default:
    @just --list --unsorted

# All tests of all crates.
test *ARGUMENTS:
    cargo test {{ ARGUMENTS }}

# Clippy, warnings as errors.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Rewrite all code in the one format.
fmt:
    cargo fmt --all

# The documentation of all crates, warnings as errors.
docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace

# Licences, banned crates and sources of the dependencies.
deny:
    cargo deny check licenses bans sources

# The files with `unsafe`: the hints under Miri, the ring that is shared with the kernel under the address sanitizer (needs a nightly toolchain with Miri; rings open as root).
check-unsafe:
    CARGO_TARGET_DIR=target/unsafe PROPTEST_CASES=1 cargo +nightly miri test -p analyzer --lib -- prefetch
    CARGO_TARGET_DIR=target/unsafe RUSTFLAGS=-Zsanitizer=address \
        cargo +nightly test --target {{ arch() }}-unknown-linux-gnu -p live --lib --test capture

# Fuzz one target (`fuzz/run list` names them) from its seeds on.
fuzz TARGET SECONDS="30":
    fuzz/run {{ TARGET }} {{ SECONDS }}

# Hold the answers against the captures below FOLDER and what is known of them.
corpus FOLDER:
    PILOTFISH_CORPUS="$(cd '{{ FOLDER }}' && pwd)" cargo test --workspace --test 'corpus*'

# Record a scenario again, as root; `all` records every one.
record SCENARIO:
    captures/record/record {{ SCENARIO }}

# Hold `pilotfish live` against the kernels of a cluster of network namespaces, as root.
cluster *CASES:
    cargo build
    live/tests/cluster/run {{ CASES }}

# Review changed snapshots by eye: they are written, and git shows what changed.
snapshots *ARGUMENTS:
    INSTA_UPDATE=always cargo test {{ ARGUMENTS }}
    git status --short -- '*.snap'

# Write captures to measure with where they are missing: those named, or all that `bench` takes, 23 GB.
generate *NAMES: release
    python3 benches/captures.py target/release/pilotfish-generator {{ captures }} {{ NAMES }}

# CPU, wall time and memory of `pilotfish flows` beside `cat`: every profile, or those named, or FILEs.
bench *FILES: release
    benches/compare target/release/pilotfish --generator target/release/pilotfish-generator \
        --captures {{ captures }} {{ FILES }}

# The same of softflowd, nfpcapd, argus, tcptrace and tshark, on `small`.
bench-peers *OPTIONS: release
    benches/peers target/release/pilotfish --generator target/release/pilotfish-generator \
        --captures {{ captures }} {{ OPTIONS }}

# What each part costs: reader, parser, table, fold, engine, snapshot, queries.
bench-micro *OPTIONS:
    cargo build --release -p pilotfish-generator
    python3 benches/captures.py target/release/pilotfish-generator {{ captures }} micro.pcap micro-any.pcap
    PILOTFISH_CAPTURES="$PWD/{{ captures }}" cargo bench -p pilotfish-micro --bench parts -- {{ OPTIONS }}

# Queries of a snapshot of a million flows: median and 99 % in process.
bench-queries:
    cargo build --release -p pilotfish-generator
    python3 benches/captures.py target/release/pilotfish-generator {{ captures }} wide.pcap
    cargo bench -p pilotfish-micro --bench queries -- "$PWD/{{ captures }}/wide.pcap" "$PWD/{{ captures }}/pods.yaml"

# Requests a second and latencies of a server of a million flows, by 64 connections of wrk.
bench-http *OPTIONS: release
    benches/http target/release/pilotfish --generator target/release/pilotfish-generator \
        --captures {{ captures }} {{ OPTIONS }}

# CPU a packet and drops of `pilotfish live` beside `tcpdump -w /dev/null`, at one rate, as root.
bench-live *OPTIONS: release
    benches/live/compare {{ OPTIONS }}

# `pilotfish live` at the highest rate a sender reaches, held to its account and its memory, as root.
soak *OPTIONS: release
    benches/live/soak {{ OPTIONS }}

# A small generated capture: are the answers the truth about it?
smoke:
    benches/smoke

# The API server, etcd and kustomize of the tests, once: eleven CPU minutes.
assets:
    live/tests/apiserver/build

# The watch of a cluster and what is deployed, against a real API server.
kubernetes *ARGUMENTS: assets
    PILOTFISH_NEEDS_ASSETS=1 cargo test -p live --test kubernetes -- {{ ARGUMENTS }}

# Every step of the image and of the DaemonSet that needs no cluster, then the API server's word.
deploy-check: assets
    deploy/check
    PILOTFISH_NEEDS_ASSETS=1 cargo test -p live --test kubernetes -- deploy

# Official clients, the Inspector and the conformance suite against the Model Context Protocol.
mcp:
    tests/mcp/run

# The previous major versions of the official clients.
mcp-matrix:
    tests/mcp/run previous

# Every question of docs/questions.md by one call, on the shop and on a generated cluster.
mcp-questions:
    tests/mcp/run questions

# Lint the OpenAPI document, and try what it says.
openapi:
    tests/mcp/run openapi

# The time of a tool's call over HTTP, of a generated capture of 100 000 flows.
bench-mcp *OPTIONS:
    cargo build --release -p pilotfish -p pilotfish-generator
    benches/mcp target/release/pilotfish target/release/pilotfish-generator {{ OPTIONS }}

# Kubeshark's own command line, from the Go module proxy, against a replay (needs Go).
kubeshark-cli:
    tests/mcp/kubeshark

# The finished binary, and what it is measured with.
release:
    cargo build --release

# Everything a change must pass.
ci:
    .ci/run
