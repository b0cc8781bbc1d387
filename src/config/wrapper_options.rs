//! The options of programs that start other programs.

/// Options with a value, and options that say where or what a program runs. The mark behind
/// an option says what it does:
/// `/` the value is the folder of the command; `~` it may be; `?` the value names a package
/// whose folder is not known; `*` (no value) the command runs in folders that are not known;
/// `^` (no value) it may run at the root; `!` the value is a command line; `%` the value holds
/// options of node; `>` (no value) the words behind are the command; `#` the option and the
/// words behind are for Python; `@` the value is a file that the program runs; `=` the value
/// sets a variable or a setting; `:` the value mounts a folder in a container; `&` the value is
/// the program of the command.
pub(super) const OPTIONS: [(&str, &str); 116] = [
    ("nice", "-n --adjustment"),
    ("ionice", "-c -n --class --classdata"),
    ("time gtime", "-f -o --format --output"),
    ("stdbuf", "-i -o -e --input --output --error"),
    (
        "xvfb-run",
        "-n -s -e -f -w -p --server-num --server-args --auth-file --error-file --wait --xauth-protocol",
    ),
    (
        "sudo",
        "-u -g -h -p -C -T -r -t -U -D/ -R --user --group --host --prompt --close-from --chdir/ --chroot",
    ),
    ("doas", "-u -C"),
    ("su runuser", "-c! --command! -s@ --shell@ -g -G -u --user --group --supp-group"),
    ("exec", "-a"),
    (
        "nyc c8",
        "-x -n -r --exclude --include --reporter --nycrc-path -c --config --cwd/ --report-dir \
         --temp-dir -o --src",
    ),
    ("dotenv", "-e -f -p -v --file --env-file"),
    ("env", "-u --unset -C/ --chdir/ -S! --split-string! -a --argv0"),
    ("timeout gtimeout", "-s -k --signal --kill-after"),
    ("flock", "-w -E -c! --command! --timeout --wait --conflict-exit-code"),
    (
        "xargs",
        "-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-procs --max-lines --process-slot-var",
    ),
    (
        "parallel",
        "-j --jobs -a --arg-file --delay --timeout --retries --wd~ --workdir~ --joblog --results --tmpdir -S -I -n -N",
    ),
    ("taskset", "-p"),
    ("chrt", "-T -P -D"),
    ("numactl", "-N -m -C -i --cpunodebind --membind --physcpubind --interleave"),
    ("strace", "-e -o -p -s -u -E -P -O -S -a"),
    ("ltrace", "-e -o -p -s -u -l -n -a -A -F"),
    ("caffeinate", "-t -w"),
    ("fakeroot", "-l -s -i -b --lib --faked"),
    ("dbus-run-session", "--config-file --dbus-daemon"),
    (
        "systemd-run",
        "-p -u -E= -M -H --property --unit --slice --setenv= --uid --gid --working-directory/ \
         --description --machine --host --nice --service-type",
    ),
    ("unshare", "-S -G -w/ -R --setuid --setgid --wd/ --root --map-user --map-group --propagation"),
    ("prlimit", "-p --pid"),
    ("softlimit", "-a -c -d -f -l -m -o -p -r -s -t"),
    ("watch", "-n --interval -q --equexit"),
    ("nodemon", "-w --watch -e --ext -i --ignore -x! --exec! --config -d --delay --cwd/ --signal"),
    (
        "uv uvx",
        "--with --with-requirements --with-editable --extra --group --only-group --no-group --no-extra --package \
         --python -p --directory/ --project --env-file --index --default-index --index-url -i \
         --extra-index-url --config-file --from --cache-dir -w --color --exclude-newer --link-mode \
         --resolution --prerelease --refresh-package --reinstall-package -P --upgrade-package -f \
         --find-links --constraints -c --overrides -m# --module#",
    ),
    ("poetry", "-C~ --directory~ -P --project"),
    ("pipenv", "--python --pypi-mirror"),
    ("pdm", "-p~ --project~ --venv --env-file -m#"),
    (
        "hatch",
        "-e --env -p~ --project~ --data-dir --cache-dir --config -i --include -x --exclude -f --filter",
    ),
    ("rye", "--pyproject~"),
    ("pixi", "-e --environment --manifest-path -p --platform"),
    ("conda mamba micromamba", "-n --name -p --prefix --cwd/"),
    ("pipx", "--spec --python --pip-args --index-url --with"),
    ("devbox", "-c~ --config~ -e --env --env-file"),
    ("mise rtx", "-C/ --cd/ -c! --command! -E --env -j --jobs -t --tool --output -P --profile"),
    ("mise-task", "-C/ --cd/ -j --jobs -o --output -t --tool"),
    ("doppler", "-p --project -c --config -t --token --command! --mount --scope --name-transformer"),
    ("infisical", "--env --path --projectId --token --command! --tags"),
    ("op", "--account --env-file --config --session"),
    ("foreman honcho", "-e --env -f --procfile -d/ --root~"),
    ("bundle", "--gemfile"),
    ("volta", "--node --npm --yarn --pnpm --env"),
    ("fnm", "--using --fnm-dir --node-dist-mirror --log-level --arch"),
    ("dotenvx", "-f --env-file -fk -e --env --convention"),
    (
        "npm",
        "-C~ --prefix~ --dir~ -w? --workspace? -ws* --workspaces* -p --package -c! --call! --node-options% \
         --loglevel --userconfig --globalconfig --registry --cache --script-shell@ --tag --otp --omit --include",
    ),
    (
        "npx",
        "-C~ --prefix~ -w? --workspace? -ws* --workspaces* -p --package -c! --call! --node-options% \
         --node-arg% -n% --loglevel --userconfig --registry --cache --script-shell@ --shell@",
    ),
    (
        "pnpm pnpx",
        "-C/ --dir/ --prefix~ --filter? --filter-prod? -F? -r* --recursive* -w^ --workspace-root^ -p --package \
         -c! --loglevel --reporter --workspace-concurrency --userconfig --registry --cache --script-shell@ \
         --node-options% --allow-build --resume-from --test-pattern --changed-files-ignore-pattern",
    ),
    (
        "yarn",
        "-C~ --cwd/ --prefix~ -p --package --loglevel \
         --userconfig --registry --cache --script-shell@ --use-yarnrc --modules-folder --cache-folder --filter",
    ),
    ("yarn-workspaces", "--from --include --exclude -j --jobs --since"),
    ("composer", "-d/ --working-dir/"),
    ("bunx", "-p --package"),
    (
        "bun",
        "--cwd/ -F? --filter? -C~ --prefix~ --dir~ -c --config --env-file --conditions -d --define -l --port --shell --extension-order \
         --tsconfig-override --main-fields --jsx-factory --jsx-runtime --loglevel --registry --cache --elide-lines",
    ),
    ("lerna", "--scope --ignore --concurrency --since --loglevel"),
    ("coverage", "-m# --source --omit --include --rcfile --data-file --concurrency --context --debug"),
    (
        "nix",
        "-c> --command> --option --include -I --override-input --profile --log-format --keep -k \
         -u --unset --expr --file -f --arg --argstr --inputs-from -j --max-jobs",
    ),
    ("nix-shell", "--run! --command! -p -E --expr -A --attr -I --arg --argstr -i --keep"),
    (
        "docker podman nerdctl",
        "-v: --volume: --mount: -w~ --workdir~ -e= --env= --env-file -u --user --name --network --net -p --publish \
         --platform --entrypoint& --label -l --label-file --memory -m --memory-swap --memory-reservation --cpus \
         --cpuset-cpus --cpu-shares --cap-add --cap-drop --security-opt --ulimit --tmpfs --add-host --device --gpus \
         -h --hostname --pull --shm-size --ipc --pid --pids-limit --userns --uts --volumes-from --log-driver \
         --log-opt --restart --runtime --stop-signal --stop-timeout --cidfile --dns --dns-search --group-add --ip \
         --link --sysctl --network-alias --expose --annotation --blkio-weight --cgroup-parent --cgroupns \
         --health-cmd --isolation --mac-address --oom-score-adj --storage-opt --volume-driver -a --attach \
         -c --context -H --host --log-level --config --detach-keys",
    ),
    (
        "docker-compose podman-compose",
        "-f@ --file@ --project-directory~ -p --project-name --profile --env-file --parallel --ansi --progress \
         -v: --volume: -w~ --workdir~ -e= --env= -u --user --name --publish --entrypoint& -l --label --cap-add \
         --cap-drop --pull --index",
    ),
    (
        "apptainer singularity",
        "-B: --bind: --mount: --pwd~ --cwd~ --env= --env-file -H --home -W --workdir -S -s",
    ),
    ("devcontainer", "--workspace-folder~ --config --id-label --remote-env="),
    ("kubectl oc", "-n --namespace -c --container --context --kubeconfig"),
    ("cargo", "-C/ --manifest-path --config= -Z --color --target-dir"),
    ("makers", "--cwd/ --makefile@ --profile -p -e --env --env-file --loglevel -l"),
    ("deno-task", "--cwd/ -c@ --config@ --filter -f"),
    (
        "go",
        "-C/ -exec! -toolexec! -tags -ldflags -gcflags -asmflags -mod -modfile -overlay -p -pkgdir -o -cpu -cover",
    ),
    ("make gmake bmake", "-C/ --directory/ -f@ --file@ --makefile@ --eval! -E! -I -o -W -m"),
    (
        "just",
        "-f@ --justfile@ -d~ --working-directory~ --set --shell --shell-arg --dotenv-path --dotenv-filename -E",
    ),
    ("task go-task", "-d/ --dir/ -t@ --taskfile@ -C -o --output -I --interval"),
    ("rake", "-C/ --directory/ -f@ --rakefile@ -r@ --require@ -R@ -I --libdir --rakelibdir@ --rakelib@"),
    ("jake", "-C/ --directory/ -f@ --jakefile@"),
    ("ninja scons", "-C/ --directory/ -f@ --file@ --makefile@ --sconstruct@ -j -k -l -d -t -w"),
    ("gulp", "--cwd/ -f@ --gulpfile@ --require@ --preload@"),
    ("grunt", "-b/ --base/ --gruntfile@"),
    ("invoke inv fab", "-r/ --search-root/ -f -c --collection"),
    ("script", "-c! --command! -I -O -B -T -E -m -o --log-in --log-out --log-io --log-timing"),
    (
        "hyperfine",
        "-w --warmup -r --runs -m --min-runs -M --max-runs -p! --prepare! -c! --cleanup! -s! --setup! --export-json --export-csv --export-markdown -n --command-name -S@ --shell@ -u --time-unit",
    ),
    (
        "watchexec",
        "-w --watch -e --exts -f --filter -i --ignore -s --signal -d --debounce --workdir/ -E= --env= --shell",
    ),
    ("retry", "-t --times -d --delay --tries -m --min -x --max"),
    ("setpriv", "--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits"),
    ("bwrap", "--chdir~ --uid --gid --unsetenv --perms --hostname --dev --proc --tmpfs --dir"),
    ("ssh", "-p -i -l -o -F -J -L -R -D -b -c -m -E -W -w -S"),
    ("dotenv-cli", "-e -v -p"),
    (
        "concurrently conc",
        "-m --max-processes -n --names --name-separator -p --prefix -c --prefix-colors -l --prefix-length \
         -t --timestamp-format -s --success --kill-signal --restart-tries --restart-after --hide --teardown!",
    ),
    ("git", "-C/ -c= --git-dir --work-tree --namespace --exec-path"),
    ("git-verb", "-x! --exec! --onto -s -X --strategy"),
    ("cargo-watch", "-s! --shell! -x -w -i -d --exec --watch --ignore --delay"),
    ("cpulimit choom", "-l --limit -n --adjust"),
    ("envdir chpst", "-u -U -e -m -n -l -L"),
    ("env-cmd", "-f --file -r --rc-file -e --environments"),
    (
        "zig crystal nim dart dotnet scala-cli rails mix",
        "-C/ -O -target -mcpu --project -f --framework -c --configuration --runtime -e --environment -S --scala --dep --define -d",
    ),
    (
        "java jbang kotlin scala groovy",
        "-cp --cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports --source -D",
    ),
    ("python:cProfile python:profile", "-o --outfile -s --sort -m#"),
    ("python:pdb python:ipdb", "-c --command -m#"),
    ("python:trace", "-C --coverdir -f --file --ignore-module --ignore-dir"),
    (
        "python:debugpy python:kernprof python:pyinstrument python:viztracer python:scalene",
        "--listen --connect --log-to -o --outfile -r --renderer --configure-subProcess -m#",
    ),
    ("python:coverage", "-m# --source --omit --include --rcfile --data-file --concurrency --context --debug"),
    (
        "python:torch.distributed.run python:torch.distributed.launch",
        "--nproc_per_node --nproc-per-node --nnodes --node_rank --node-rank --master_addr --master_port --rdzv_backend --rdzv_endpoint -m#",
    ),
    ("mage", "-d/ -w~ -compile -t"),
    ("doit", "-d/ --dir/ -f@ --file@"),
    ("tox", "-c@ --conf@ --root~ --workdir -e"),
    ("nox", "-f@ --noxfile@ -s -e -t -k -p --envdir"),
    ("gradlew", "-p~ --project-dir~ -b@ --build-file@ -I@ --init-script@ -c@ --settings-file@"),
    ("mvnw", "-f@ --file@ -s -pl -P -rf"),
    (
        "node nodejs",
        "-C --conditions --env-file --env-file-if-exists --input-type --title --icu-data-dir --openssl-config \
         --redirect-warnings --report-dir --report-directory --watch-path --test-name-pattern \
         --test-reporter-destination --diagnostic-dir --disable-warning --inspect-port --test-concurrency \
         --dns-result-order --unhandled-rejections",
    ),
    (
        "deno",
        "-c --config --import-map -L --log-level --cert --location --seed --ext \
         --preload@ --minimum-dependency-age",
    ),
    (
        "tsx ts-node ts-node-esm esno jiti vite-node babel-node zx coffee",
        "--tsconfig -P --project -C --compiler -O --compiler-options -I --ignore --cwd~ --scope-dir --config \
         --root~ --mode --presets --plugins --extensions --config-file --shell --prefix --postfix --ext",
    ),
    ("ruby jruby", "-I -C/ -E"),
    ("perl", "-I"),
    ("php", "-f@ --file@ -c -d -t -S -z --php-ini --define --docroot --server"),
    (
        "ansible-playbook",
        "-i@ --inventory@ -e --extra-vars -l --limit -u --user -t --tags --skip-tags --vault-password-file \
         --private-key --key-file -f --forks -c --connection -M --module-path",
    ),
];
