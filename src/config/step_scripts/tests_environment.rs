//! Variables and settings that name what is run, in pairs: what runs, and what does not.

use super::tests_spellings::assert_pairs;

/// Command lines, and the files that they run.
const RUN: &[(&str, &str)] = &[
    ("env RUSTC_WRAPPER=ci/w.sh cargo test", "ci/w.sh"),
    ("env RUSTC_WRAPPER=./ci/w cargo test", "ci/w"),
    ("env RUSTC=ci/rustc cargo test", "ci/rustc"),
    ("env CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER=ci/run.sh cargo test", "ci/run.sh"),
    ("env 'CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER=bash ci/run' cargo test", "ci/run"),
    ("env CARGO_BUILD_RUSTC_WRAPPER=ci/w.sh cargo test", "ci/w.sh"),
    ("env 'NODE_OPTIONS=--require ./x.js' npm test", "x.js"),
    ("env NODE_OPTIONS=--require=./x.js npm test", "x.js"),
    ("env PYTHONSTARTUP=ci/x.py python -i", "ci/x.py"),
    ("env BASH_ENV=ci/x.sh bash -c true", "ci/x.sh"),
    ("sh -c 'PATH=./bin:$PATH cargo test'", "bin/cargo"),
    ("sh -c 'export PATH=\"$PWD/tools/bin:$PATH\"; cargo test'", "tools/bin/cargo"),
    ("env PATH=bin:/usr/bin cargo test", "bin/cargo"),
    ("env GIT_SSH_COMMAND=./ci/ssh git fetch", "ci/ssh"),
    ("env 'GIT_SSH_COMMAND=bash ci/ssh' git fetch", "ci/ssh"),
    ("env LD_PRELOAD=./ci/x.so pytest", "ci/x.so"),
    ("env LD_PRELOAD=/usr/lib/a.so:ci/x.so pytest", "ci/x.so"),
    ("env 'PYTEST_ADDOPTS=-p ci.plug' pytest", "ci/plug.py"),
    ("env PYTEST_ADDOPTS=-cci/pytest.ini pytest", "ci/pytest.ini"),
    ("env PYTEST_PLUGINS=ci.plug pytest", "ci/plug.py"),
    ("env GOFLAGS=-exec=./ci/x.sh go test ./...", "ci/x.sh"),
    ("env JUST_JUSTFILE=ci/tasks just test", "ci/tasks"),
    ("env COMPOSE_FILE=ci/c.yml docker compose run app", "ci/c.yml"),
    ("env TOX_CONFIG_FILE=ci/tox.ini tox", "ci/tox.ini"),
    ("env npm_config_script_shell=ci/sh.sh npm test", "ci/sh.sh"),
    ("env MAKEFLAGS=-fci/x.mk make test", "ci/x.mk"),
    ("env ZDOTDIR=ci zsh -c true", "ci/.zshenv"),
    ("env CC=ci/cc.sh make test", "ci/cc.sh"),
    ("env PERL5OPT=-Mlib=ci perl x.pl", "x.pl"),
    ("env JAVA_TOOL_OPTIONS=-javaagent:ci/x.jar mvn test", "ci/x.jar"),
    ("env RUSTFLAGS=-Clinker=./ci/ld cargo test", "ci/ld"),
    ("cargo --config build.rustc-wrapper=ci/w.sh test", "ci/w.sh"),
    ("cargo --config build.rustc-wrapper=\"ci/w.sh\" test", "ci/w.sh"),
    ("cargo test --config target.\"cfg(all())\".runner=\"ci/run.sh\"", "ci/run.sh"),
    ("cargo test --config target.x.runner=[\"bash\",\"ci/run\"]", "ci/run"),
    ("cargo test --config=build.rustc=ci/rustc", "ci/rustc"),
    ("cargo --config ci/cargo.toml test", "ci/cargo.toml"),
    ("cargo test --config ci/cargo.toml", "ci/cargo.toml"),
    ("cargo nextest run --config-file ci/n.toml", "ci/n.toml"),
    ("cargo test --config env.BASH_ENV=\"ci/e.sh\"", "ci/e.sh"),
    ("make SHELL=./x test", "x"),
    ("make SHELL=ci/sh.sh test", "ci/sh.sh"),
    ("make 'PYTHON=python ci/x.py' test", "ci/x.py"),
    ("make RUNNER=ci/run.sh test", "ci/run.sh"),
    ("make '--eval=include ci/x.mk' test", "ci/x.mk"),
    ("make '--eval=-include ci/x.mk' test", "ci/x.mk"),
    ("make -f ci/x.mk test", "ci/x.mk"),
    ("make -fci/x test", "ci/x"),
    ("cc -include ci/x.h src/a.c", "ci/x.h"),
];

/// Command lines, and files that they do not run.
const READ: &[(&str, &str)] = &[
    ("env RUSTC_WRAPPER=sccache cargo test", "sccache"),
    ("env RUSTFLAGS=-Dwarnings cargo test", "src/lib.rs"),
    ("env PYTHONPATH=src pytest tests/a.py", "src/a.py tests/a.py"),
    ("env PATH=/usr/local/bin:/usr/bin pytest", "bin/a"),
    ("sh -c 'PATH=\"$HOME/.cargo/bin:$PATH\" cargo test'", "src/bin/a.rs bin/a"),
    ("sh -c 'export PATH=$VIRTUAL_ENV/bin:$PATH; pytest'", "bin/a src/bin/b"),
    ("env TEST_FILE=src/a.py pytest", "src/a.py"),
    ("env SHELL=/bin/bash make test", "bin/bash"),
    ("env PYTEST_ADDOPTS=-q pytest tests/a.py", "tests/a.py"),
    ("env GOFLAGS=-mod=mod go test ./...", "a.go"),
    ("make 'FILES=src/a.sh src/b.sh' check", "src/a.sh src/b.sh"),
    ("make FILE=src/a.py check", "src/a.py"),
    ("make test 'ARGS=-k tests/a.py'", "tests/a.py"),
    ("cargo --config net.git-fetch-with-cli=true test", "src/lib.rs"),
    ("cargo test --config profile.dev.debug=0", "src/lib.rs"),
    ("cc -Iinclude -c src/a.c", "src/a.c"),
];

#[test]
fn variables_and_settings_name_what_is_run() {
    assert_pairs(RUN, READ);
}
