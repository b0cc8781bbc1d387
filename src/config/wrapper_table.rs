//! Programs that start other programs, and the options that say where and what.

/// The words of a wrapper between its verb and the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// A number of words, such as the duration of `timeout`.
    Words(usize),
    /// All words before `--`, if there is one.
    ToDashes,
    /// The name of a package, in whose folder the command runs.
    Package,
    /// None; the command runs in the folders of many packages.
    Everywhere,
    /// None, and the verb is the command itself.
    Verb,
    /// None: only an option holds the command.
    Option,
    /// The name of an image or of a container, in which the command runs.
    Container,
}

/// A program that starts another program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrapper {
    /// Names of programs, separated by spaces.
    pub names: &'static str,
    /// Its subcommands that start a program; empty if it has none.
    pub verbs: &'static str,
    /// Its own words before the command.
    pub own: Own,
    /// The name of the program that reads the words behind; empty if these are a command.
    pub then: &'static str,
}

const fn row(names: &'static str, verbs: &'static str, own: Own, then: &'static str) -> Wrapper {
    Wrapper { names, verbs, own, then }
}

/// Programs that only start another program.
pub(super) const LAUNCHERS: [Wrapper; 14] = [
    row(
        "nice ionice nohup setsid time gtime stdbuf unbuffer xvfb-run sudo doas command builtin exec nyc c8 \
         cross-env cross-env-shell dotenv env xargs parallel numactl strace ltrace valgrind chronic \
         caffeinate eatmydata fakeroot catchsegv dbus-run-session systemd-run unshare prlimit softlimit \
         busybox winpty uvx corepack dumb-init tini setarch watch nodemon entr",
        "",
        Own::Words(0),
        "",
    ),
    row("timeout gtimeout flock taskset chrt chroot", "", Own::Words(1), ""),
    row("uv poetry pipenv pdm hatch rye pixi conda mamba micromamba pipx devbox", "run", Own::Words(0), ""),
    row("uv", "tool", Own::Words(0), "uv"),
    row("hatch", "env", Own::Words(0), "hatch"),
    row("mise rtx", "exec x", Own::ToDashes, ""),
    row("bundle asdf", "exec", Own::Words(0), ""),
    row("rustup", "run", Own::Words(1), ""),
    row("volta", "run", Own::Words(0), ""),
    row("fnm pyenv rbenv nodenv jenv", "exec", Own::Words(0), ""),
    row("nvm n", "exec", Own::Words(1), ""),
    row("direnv", "exec", Own::Words(1), ""),
    row("doppler infisical op dotenvx foreman honcho", "run", Own::ToDashes, ""),
    row("aws-vault chamber", "exec", Own::ToDashes, ""),
];

/// Package managers, and programs that run tasks or containers with a verb.
pub(super) const MANAGERS: [Wrapper; 26] = [
    row("npx bunx pnpx", "", Own::Words(0), ""),
    row("npm", "exec x", Own::Words(0), ""),
    row("pnpm", "exec dlx run run-script", Own::Words(0), ""),
    row("pnpm", "recursive multi m", Own::Everywhere, "pnpm"),
    row("yarn", "exec dlx run", Own::Words(0), ""),
    row("yarn", "workspace", Own::Package, "yarn"),
    row("yarn", "workspaces", Own::Everywhere, "yarn-workspaces"),
    row("yarn-workspaces", "foreach", Own::Words(0), "yarn"),
    row("yarn-workspaces", "run exec", Own::Words(0), ""),
    row("pnpm yarn", "*", Own::Verb, ""),
    row("bun", "run x exec", Own::Words(0), ""),
    row("bun", "*", Own::Verb, ""),
    row("lerna", "exec", Own::Everywhere, ""),
    row("coverage", "run", Own::Words(0), "python"),
    row("nix", "develop shell", Own::Option, ""),
    row("nix-shell su runuser", "", Own::Option, ""),
    row("docker podman", "compose", Own::Words(0), "docker-compose"),
    row("docker podman nerdctl docker-compose podman-compose", "run exec", Own::Container, ""),
    row("apptainer singularity", "exec run", Own::Container, ""),
    row("devcontainer", "exec", Own::Words(0), ""),
    row("docker podman nerdctl", "container", Own::Words(0), "docker"),
    row("cargo", "make", Own::Words(0), "makers"),
    row("deno", "task", Own::Words(0), "deno-task"),
    row("mise rtx", "tasks task", Own::Words(0), "mise"),
    row("mise rtx", "run r", Own::Words(0), "mise-task"),
    row("kubectl oc", "exec", Own::Container, ""),
];

/// Other programs that start a program, and programs with a verb before the script that they run.
/// `python:` stands before the modules of Python that run a script or another module.
pub(super) const RUNNERS: [Wrapper; 31] = [
    row("git", "bisect submodule rebase", Own::Words(0), "git-verb"),
    row("git-verb", "run foreach", Own::Words(0), ""),
    row("cargo", "watch", Own::Words(0), "cargo-watch"),
    row("cargo-watch", "", Own::Option, ""),
    row(
        "linux32 linux64 fakechroot proot ifne run-one rlwrap proxychains torsocks pkexec ssh-agent catatonit \
         annotate-output cpulimit choom chpst",
        "",
        Own::Words(0),
        "",
    ),
    row("trap", "", Own::Words(0), ""),
    row("envdir", "", Own::Words(1), ""),
    row("perf rr", "stat record", Own::Words(0), ""),
    row("memray streamlit marimo accelerate", "run launch", Own::Words(0), "python"),
    row("torchrun deepspeed scalene pyinstrument viztracer", "", Own::Words(0), "python"),
    row("hyperfine watchexec firejail retry setpriv bwrap", "", Own::Words(0), ""),
    row("gosu su-exec faketime ssh", "", Own::Words(1), ""),
    row("dotenv-cli env-cmd concurrently conc start-server-and-test stmux", "", Own::Words(0), ""),
    row("script", "", Own::Option, ""),
    row("devenv", "shell", Own::Words(0), ""),
    row("flox guix", "activate shell", Own::ToDashes, ""),
    row("zig crystal", "run", Own::Words(0), "run-file"),
    row("nim", "r", Own::Words(0), "run-file"),
    row("rails", "runner r", Own::Words(0), "run-file"),
    row("dotnet", "script fsi exec", Own::Words(0), "run-file"),
    row("dotnet", "run", Own::Words(0), "dotnet-run"),
    row("dart", "run", Own::Words(0), "run-file"),
    row("scala-cli", "run", Own::Words(0), "run-file"),
    row("mix", "run", Own::Words(0), "elixir"),
    row("R", "CMD", Own::Words(0), "R-cmd"),
    row("R-cmd", "BATCH", Own::Words(0), "Rscript"),
    row("deno", "x", Own::Words(0), ""),
    row(
        "python:cProfile python:profile python:pdb python:trace python:debugpy python:kernprof \
         python:memory_profiler python:line_profiler python:pyinstrument python:viztracer \
         python:scalene python:IPython python:ipdb python:torch.distributed.run \
         python:torch.distributed.launch",
        "",
        Own::Words(0),
        "python",
    ),
    row("python:coverage", "run", Own::Words(0), "python"),
    row("python:runpy", "", Own::Words(0), "python-module"),
    row("python:accelerate.commands.launch", "", Own::Words(0), "python"),
];

/// Programs each of whose words is a command line.
pub(super) const EACH_WORD: &str = "concurrently conc hyperfine start-server-and-test stmux";

/// Files that a wrapper reads in its folder and runs.
pub(super) const WRAPPER_FILES: [(&str, &[&str]); 3] =
    [("direnv", &[".envrc"]), ("nix", &["flake.nix"]), ("nix-shell", &["shell.nix", "default.nix"])];
