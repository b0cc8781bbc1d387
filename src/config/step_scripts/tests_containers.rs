//! Commands in containers, in pairs: what runs, and what does not.

use super::folders::Folders;
use super::tests_spellings::assert_pairs;

/// Command lines, and the files that they run.
const RUN: &[(&str, &str)] = &[
    ("docker run --rm -v $PWD:/w -w /w image sh /w/ci/x.sh", "ci/x.sh"),
    ("docker run --rm -v $PWD:/w img /w/ci/x.sh", "ci/x.sh"),
    ("docker run --rm -v .:/app img bash /app/ci/x.sh", "ci/x.sh"),
    ("docker run --rm -v .:/w -w /w/web node:20 node x.js", "web/x.js"),
    ("docker run --rm -v ./web:/w -w /w node:20 node x.js", "web/x.js"),
    ("docker run --rm -v=./web:/w --workdir=/w node:20 node x.js", "web/x.js"),
    ("docker run --rm -v ./ci:/ci node:20 sh /ci/x.sh", "ci/x.sh"),
    ("docker run --rm --mount type=bind,source=.,target=/w node:20 sh /w/ci/x.sh", "ci/x.sh"),
    ("docker run --rm --mount type=bind,src=$PWD/web,dst=/w -w /w node:20 node x.js", "web/x.js"),
    ("docker compose run --rm -w /app/web app node x.js", "web/x.js"),
    ("docker compose run --rm app bash /app/ci/x.sh", "ci/x.sh"),
    ("docker compose exec app sh -c 'cd /app/web && ./x.sh'", "web/x.sh"),
    ("docker exec -w /src box ./ci/x.sh", "ci/x.sh"),
    ("docker run --rm -v $PWD:/w -w /w image sh -c 'cd /w/web && node x.js'", "web/x.js"),
    ("docker run --rm -v $(pwd):/w image bash /w/x.sh", "x.sh"),
    ("sh -c 'docker run --rm -v \"$(pwd)\":/w -w /w image bash /w/ci/x.sh'", "ci/x.sh"),
    ("podman run -v .:/w:Z -w /w img ci/x.sh", "ci/x.sh"),
    ("docker run --memory-reservation 1g -v .:/w -w /w img ci/x.sh", "ci/x.sh"),
    ("docker run -e BASH_ENV=ci/e.sh -v .:/w img bash -c true", "ci/e.sh"),
    ("docker run --entrypoint sh -v .:/w koalaman/shellcheck ci/x.sh", "ci/x.sh"),
    ("docker run --entrypoint sh -v .:/w koalaman/shellcheck -c ./ci/x.sh", "ci/x.sh"),
    ("docker run -v .:/w koalaman/shellcheck-ci ./ci/x.sh", "ci/x.sh"),
    ("docker run --entrypoint=/w/ci/x.sh -v .:/w img", "ci/x.sh"),
    ("apptainer exec img.sif ci/x.sh", "ci/x.sh"),
    ("singularity exec -B .:/w img.sif sh /w/ci/x.sh", "ci/x.sh"),
    ("kubectl exec pod -- sh /app/ci/x.sh", "ci/x.sh"),
    ("docker run -v $PWD:/w -w /w --entrypoint /bin/sh img -c ci/x.sh", "ci/x.sh"),
    ("docker run -v $PWD:/w img env BASH_ENV=/w/ci/e.sh bash -c true", "ci/e.sh"),
    ("docker run -v ${PWD}:/w img sh -ec 'cd /w; ./ci/x.sh'", "ci/x.sh"),
    ("docker run --volume=$PWD:/w img /w/ci/x.sh", "ci/x.sh"),
    ("docker run -v $GITHUB_WORKSPACE:/w img /w/ci/x.sh", "ci/x.sh"),
    ("docker run --mount source=.,target=/w,type=bind img /w/ci/x.sh", "ci/x.sh"),
    ("docker run -v /abs/repo:/w img /w/ci/x.sh", "ci/x.sh"),
    ("docker-compose run app /app/ci/x.sh", "ci/x.sh"),
    ("docker run -e RUSTC_WRAPPER=/w/ci/w.sh -v .:/w img cargo test", "ci/w.sh"),
    ("timeout 60 docker run -v .:/w img bash -c 'bash < /w/ci/x.sh'", "ci/x.sh"),
    ("docker run -v .:/w koalaman/shellcheck sh ci/x.sh", "ci/x.sh"),
];

/// Command lines, and files that they do not run.
const READ: &[(&str, &str)] = &[
    ("docker run --rm -v .:/w -w /w koalaman/shellcheck src/a.sh", "src/a.sh"),
    ("docker run --rm -v $PWD:/mnt koalaman/shellcheck:stable src/a.sh src/b.sh", "src/a.sh src/b.sh"),
    ("docker run --rm -v $PWD:/mnt koalaman/shellcheck /mnt/src/a.sh", "src/a.sh"),
    ("docker run --rm -v .:/w -w /w mvdan/shfmt:v3 -d src/a.sh", "src/a.sh"),
    ("docker run --rm -v .:/w ghcr.io/astral-sh/ruff:0.4 check src/a.py", "src/a.py"),
    ("docker run --rm hadolint/hadolint infra/Dockerfile", "infra/Dockerfile"),
    ("docker run --rm --entrypoint pytest img tests/a.py", "tests/a.py"),
    ("docker run --rm --entrypoint shellcheck img src/a.sh", "src/a.sh"),
    ("docker run --rm -v $PWD:/w img pytest /w/tests/a.py", "tests/a.py"),
    ("docker run --rm -v $PWD:/w -w /w img eslint /w/src/a.js", "src/a.js"),
    ("docker run --rm -v $PWD:/w img /usr/bin/env pytest tests/a.py", "tests/a.py"),
    ("docker compose run --rm -w /app/web app node x.js", "api/x.js"),
    ("docker run --rm -v $PWD:/w -w /w image sh /w/ci/x.sh", "web/ci/x.sh src/a.sh"),
    ("docker run --rm -v .:/w img sh /opt/tool/run.sh", "run.sh"),
    ("docker run -v $PWD:/data img process /data/src/a.json", "src/a.json"),
    ("docker run --rm -v $PWD:/w -w /w node:20 npx eslint src/a.js", "src/a.js"),
    ("docker run --rm -v $PWD:/w -w /w python:3 pytest tests/a.py", "tests/a.py"),
    ("docker run --rm -v $PWD:/w golangci/golangci-lint golangci-lint run /w/src/a.go", "src/a.go"),
    ("docker compose exec db psql -f /sql/a.sql", "sql/a.sql a.sql"),
    ("docker compose run app python manage.py test app.tests", "app/tests.py"),
    ("docker exec app /bin/sh -c 'pytest tests/a.py'", "tests/a.py"),
    ("docker run -v $PWD:/w -w /w koalaman/shellcheck -s bash src/a.sh", "src/a.sh"),
    ("docker run -v .:/w -e FILE=src/a.py img pytest", "src/a.py"),
    ("docker run -v .:/w img sh -c 'ruff check /w/src/a.py'", "src/a.py"),
    ("env COMPOSE_FILE=ci/c.yml docker compose run app pytest tests/a.py", "tests/a.py"),
    ("sh -c 'VERSION=$(cat VERSION); docker build -t app:$VERSION .'", "VERSION"),
];

#[test]
fn paths_in_containers_lead_to_the_work() {
    assert_pairs(RUN, READ);
}

#[test]
fn absolute_paths_lead_through_mounts() {
    let find = |mounts: &[&str], path: &str| Folders::of("web").in_container(mounts).join(path);
    let none: [&str; 0] = [];
    assert_eq!(find(&[".:/w"], "/w/ci/x.sh"), ["web/ci/x.sh"]);
    assert_eq!(find(&["$PWD/a:/w:ro"], "/w/x.sh"), ["web/a/x.sh"]);
    assert_eq!(find(&["type=bind,source=..,target=/w"], "/w/x.sh"), ["x.sh"]);
    assert_eq!(find(&["$REPO:/w"], "/w/x.sh"), ["**/x.sh"]);
    assert_eq!(find(&[".:/w"], "/opt/x.sh"), none);
    assert_eq!(find(&[".:/w"], "/wide/x.sh"), none);
    assert_eq!(find(&["cache:/c", "~/.m2:/m"], "/a/x.sh"), ["a/x.sh", "x.sh"]);
    assert_eq!(find(&[], "/usr/bin/x"), none);
    assert_eq!(find(&[], "/usr/src/x.sh"), ["usr/src/x.sh", "src/x.sh", "x.sh"]);
    assert_eq!(find(&[".:/w"], "ci/x.sh"), ["web/ci/x.sh"]);
}
