# The commands of daily work. `just` lists them.

_default:
    @just --list

# what CI runs, without the dependency policy
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test

test *ARGS:
    cargo test {{ ARGS }}

# print what a fixture's scenarios find, e.g. `just review scope/outside`
review RULE="":
    FIXTURE={{ RULE }} cargo test --test fixtures show_fixture -- --ignored

# write generated files, reports of worlds and messages of fixtures; review the difference
gen:
    COUNTERSIGN_ACCEPT=1 cargo test --lib -- generated the_corpus
    COUNTERSIGN_ACCEPT=1 cargo test --test suite corpus_check
    COUNTERSIGN_ACCEPT=1 cargo test --test fixtures
    git diff --stat

# stubs of a new rule: its text and its fixture; then one line in src/check/registry.rs
new-rule ID:
    mkdir -p rules/$(dirname {{ ID }}) fixtures/rules/$(dirname {{ ID }})
    printf 'level: error\nsummary: >-\n  What must be true.\nwhy: >-\n  Why it matters.\nremedy: >-\n  What to do about it.\n' > rules/{{ ID }}.yaml
    printf '# {{ ID }}\n\n## A correct change\n\n```findings\n```\n' > fixtures/rules/{{ ID }}.md

# gates that are killed at random moments: no acknowledged job may be lost
kill-rounds ROUNDS="10000":
    COUNTERSIGN_KILL_ROUNDS={{ ROUNDS }} cargo test --test suite a_killed_gate -- --nocapture

# what a packet cost, as far as logs of agents are imported
cost WP:
    cargo run --release --quiet -- usage {{ WP }}

bench:
    cargo bench --bench gates
    cargo bench --bench real_size
    cargo bench --bench scans

# every fuzz target for SECONDS each; needs nightly and `cargo install cargo-fuzz`
fuzz SECONDS="20":
    for target in $(cargo +nightly fuzz list --fuzz-dir tests/fuzz); do \
        mkdir -p tests/fuzz/corpus/$target && cp -n fixtures/demo/* fixtures/fuzz/* tests/fuzz/corpus/$target/ && \
        ASAN_OPTIONS=detect_odr_violation=0 cargo +nightly fuzz run --fuzz-dir tests/fuzz $target -- -max_total_time={{ SECONDS }} -max_len=20000 || exit 1; \
    done

ci:
    bash .ci/run

# needs the advisory database, so not part of CI
advisories:
    cargo deny check advisories

demo:
    cargo run --release -- demo

# recipes that governed repositories use; they check the repository in which they run
pre-work WP *ARGS:
    cargo run --release -- pre-work {{ WP }} {{ ARGS }}

post-work WP *ARGS:
    cargo run --release -- post-work {{ WP }} {{ ARGS }}

gate-check WP:
    cargo run --release -- gate-check {{ WP }}

cor701-sha FILE *ARGS:
    cargo run --release -- cor701-sha {{ FILE }} {{ ARGS }}

audit WP *ARGS:
    cargo run --release -- audit {{ WP }} {{ ARGS }}

manifest WP *ARGS:
    cargo run --release -- manifest {{ WP }} --write {{ ARGS }}

evidence WP *ARGS:
    cargo run --release -- evidence {{ WP }} --write {{ ARGS }}

fix *ARGS:
    cargo run --release -- fix {{ ARGS }}

validator-gate STEP WP *ARGS:
    cargo run --release -- validator-gate {{ STEP }} {{ WP }} {{ ARGS }}

check-documents *PATHS:
    cargo run --release -- check {{ PATHS }}

gov-check *ARGS:
    cargo run --release -- governance-check {{ ARGS }}

task-board-check:
    cargo run --release -- task-board-check

task-packet-claim-check:
    cargo run --release -- task-packet-claim-check

wp-activation-traceability-check:
    cargo run --release -- wp-activation-traceability-check

worktree-concurrency-check:
    cargo run --release -- worktree-concurrency-check

spec-current-check:
    cargo run --release -- spec-current-check

validator-spec-regression:
    cargo run --release -- validator-spec-regression

validator-packet-complete WP:
    cargo run --release -- validator-packet-complete {{ WP }}

validator-phase-gate PHASE="":
    cargo run --release -- validator-phase-gate {{ PHASE }}

validator-scan *ARGS:
    cargo run --release -- scan {{ ARGS }}

product-scan *ARGS:
    cargo run --release -- scan {{ ARGS }}

validator-error-codes *ARGS:
    cargo run --release -- validator-error-codes {{ ARGS }}

validator-dal-audit *ARGS:
    cargo run --release -- validator-dal-audit {{ ARGS }}

validator-traceability *ARGS:
    cargo run --release -- validator-traceability {{ ARGS }}

validator-coverage-gaps *ARGS:
    cargo run --release -- validator-coverage-gaps {{ ARGS }}

validator-git-hygiene *ARGS:
    cargo run --release -- validator-git-hygiene {{ ARGS }}

validator-hygiene-full *ARGS:
    cargo run --release -- validator-hygiene-full {{ ARGS }}
