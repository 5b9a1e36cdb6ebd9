//! Cargo.toml has the last word: every page, package, hook, schema and workflow follows its repository, version and
//! names. What the action installs is what was published, or nothing.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// `owner/name`
fn slug() -> &'static str {
    REPOSITORY.strip_prefix("https://github.com/").unwrap()
}

/// Every text that people or machines read of this project, by its name in the repository.
fn texts() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(root()).into_iter().filter_entry(|e| {
        let name = e.file_name().to_string_lossy();
        !name.starts_with("target") && !["grammar-fixtures", ".git", "fuzz", "node_modules"].contains(&name.as_ref())
    }) {
        let path = entry.unwrap().into_path();
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        // This test speaks of wrong ones, and Cargo.toml is what the others follow.
        if !path.is_file() || ["tests/release.rs", "Cargo.toml", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        if let Ok(text) = std::fs::read_to_string(&path) {
            out.push((name, text));
        }
    }
    assert!(out.iter().any(|(n, _)| n == ".github/workflows/release.yml") && out.len() > 100);
    out
}

/// The characters after each `before` in the text, as long as they `go_on`, with the line.
fn after<'t>(text: &'t str, before: &str, go_on: impl Fn(char) -> bool) -> Vec<(usize, &'t str)> {
    text.match_indices(before)
        .map(|(at, _)| {
            let rest = &text[at + before.len()..];
            let end = rest.find(|c| !go_on(c)).unwrap_or(rest.len());
            (text[..at].matches('\n').count() + 1, &rest[..end])
        })
        .collect()
}

/// What does not follow.
fn strays(texts: &[(String, String)]) -> Vec<String> {
    let (owner, name) = slug().split_once('/').unwrap();
    let word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let number = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    let mut wrong = Vec::new();
    for (file, text) in texts {
        let mut stray = |line: usize, what: &str| wrong.push(format!("{file}:{line}: {what}"));
        // The repository: wherever somebody else's or an older one stands for it.
        for start in ["github.com/", "ghcr.io/", "uses: ", "--repo "] {
            for (line, found) in after(text, start, |c| word(c) || c == '/') {
                let mut parts = found.split('/');
                let (o, n) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let ours = o == owner || n == name || n == NAME;
                if ours && (o, n) != (owner, name) {
                    stray(line, &format!("{start}{found}, and the repository is {slug}", slug = slug()));
                }
            }
        }
        // In the program it comes from Cargo.toml.
        if file.starts_with("src/") && text.contains(REPOSITORY) {
            stray(1, "spells the repository out: env!(\"CARGO_PKG_REPOSITORY\")");
        }
        let slug = slug();
        for start in
            [&format!("{slug}@v"), &format!("ghcr.io/{slug}:"), &format!("{NAME}=="), "rev: v", "version: v", "--tag v"]
        {
            for (line, found) in after(text, start, number) {
                let found = found.trim_end_matches('.');
                if found.starts_with(|c: char| c.is_ascii_digit()) && found != VERSION {
                    stray(line, &format!("{start}{found}, and the version is {VERSION}"));
                }
            }
        }
        // Without --locked, cargo takes versions that no test has seen.
        for (line, whole) in text.lines().enumerate() {
            let installs = whole.contains(&format!("cargo install {NAME}")) || whole.contains("cargo install --path");
            if installs && !whole.contains("--locked") {
                stray(line + 1, "cargo install without --locked");
            }
        }
    }
    wrong
}

#[test]
fn every_text_follows_the_repository_and_the_version() {
    let wrong = strays(&texts());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_that_does_not_follow_is_seen() {
    for wrong in [
        format!("https://github.com/elsewhere/{NAME}/releases"),
        format!("      - uses: elsewhere/{NAME}@v1"),
        format!("docker run ghcr.io/elsewhere/{NAME}"),
        format!("ghcr.io/{}:9.9.9", slug()),
        format!("pip install {NAME}==9.9.9"),
        "    rev: v9.9.9".to_owned(),
        format!("- uses: {}@v9.9.9", slug()),
        format!("cargo install {NAME}"),
    ] {
        assert_eq!(strays(&[("page.md".to_owned(), wrong.clone())]).len(), 1, "{wrong}");
    }
    assert_eq!(strays(&[("src/report/page.rs".to_owned(), REPOSITORY.to_owned())]).len(), 1);
}

#[test]
fn the_schemas_lie_in_the_repository() {
    for name in ["report.v1.json", "wslint.v1.json"] {
        let schema: serde_json::Value = serde_json::from_str(&read(&format!("docs/json-schema/{name}"))).unwrap();
        assert_eq!(schema["$id"], format!("{REPOSITORY}/raw/main/docs/json-schema/{name}"), "{name}");
    }
}

/// The targets in packaging/pack.py.
fn published() -> BTreeSet<String> {
    let text = read("packaging/pack.py");
    let table = text.split("TARGETS = {\n").nth(1).unwrap().split("\n}").next().unwrap();
    table.lines().map(|l| l.trim().split('"').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn what_is_published_is_built_installed_and_found() {
    let targets = published();
    assert!(targets.len() >= 5);
    let listed = |file: &str, start: &str| -> BTreeSet<String> {
        let text = read(file);
        after(&text, start, |c| c.is_ascii_alphanumeric() || "-_".contains(c))
            .into_iter()
            .map(|(_, found)| found.to_owned())
            .filter(|found| found.contains('-'))
            .collect()
    };
    assert_eq!(listed(".github/workflows/release.yml", "{ target: "), targets, "what release.yml builds");
    assert_eq!(listed("scripts/action-install", " target="), targets, "what the action installs");
    // cargo-binstall asks for an archive by the name that pack.py gives it.
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let metadata = manifest["package"]["metadata"].as_table().unwrap();
    let binstall = metadata["binstall"].as_table().unwrap();
    let mut addresses: Vec<(String, String)> = Vec::new();
    for target in &targets {
        addresses.push((target.clone(), binstall["pkg-url"].as_str().unwrap().replace("{ target }", target)));
    }
    for (target, over) in binstall["overrides"].as_table().unwrap() {
        if let Some(url) = over.get("pkg-url") {
            addresses.push((target.clone(), url.as_str().unwrap().to_owned()));
        }
    }
    for (target, address) in addresses {
        let file = address
            .replace("{ repo }", REPOSITORY)
            .replace("{ version }", VERSION)
            .replace("{ name }", NAME)
            .replace("{ archive-suffix }", "");
        let start = format!("{REPOSITORY}/releases/download/v{VERSION}/{NAME}-{VERSION}-");
        let built = file.strip_prefix(&start).unwrap_or_else(|| panic!("{target}: {file}"));
        assert!(targets.contains(built), "{target}: {file} is not published");
    }
    let description = &manifest["package"]["description"].as_str().unwrap();
    for file in ["packaging/README.md", "action.yml"] {
        assert!(read(file).contains(*description), "{file} describes wslint in other words");
    }
}

#[test]
fn the_oldest_rust_is_the_same_everywhere() {
    let rust = env!("CARGO_PKG_RUST_VERSION");
    for file in ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "tests/run"] {
        assert!(read(file).contains(rust), "{file} does not say {rust}");
    }
    // What CI builds with it asks the manifest itself.
    assert!(read(".github/workflows/ci.yml").contains("scripts/elsewhere-check"), "CI does not build elsewhere");
    assert!(read("scripts/elsewhere-check").contains("s/^rust-version = "), "the oldest Rust is not Cargo.toml's");
}

#[test]
fn the_hooks_install_and_do_not_compile() {
    let text = read(".pre-commit-hooks.yaml");
    let hooks: Vec<&str> = text.split("- id: ").skip(1).collect();
    let field = |hook: &str, name: &str| {
        let found = hook.lines().find_map(|l| l.trim().strip_prefix(&format!("{name}: ")).map(str::to_owned));
        found.unwrap_or_else(|| panic!("{name} is missing in {hook}"))
    };
    let mut seen = Vec::new();
    for hook in &hooks {
        let id = hook.lines().next().unwrap();
        // pre-commit names files, and a named file is asked more.
        assert_eq!(field(hook, "args"), "[--evidence=likely]", "{id}");
        assert_eq!(field(hook, "files"), field(hooks[0], "files"), "{id}");
        seen.push((id, field(hook, "language")));
    }
    let seen: Vec<(&str, &str)> = seen.iter().map(|(id, language)| (*id, language.as_str())).collect();
    let want = [
        ("wslint", "python"),
        ("wslint-fix", "python"),
        ("wslint-system", "system"),
        ("wslint-docker", "docker_image"),
    ];
    assert_eq!(seen, want);
    assert_eq!(field(hooks[3], "entry"), format!("ghcr.io/{}:{VERSION}", slug()));
    // `pip install .` in a clone asks for the wheel of this version.
    let made = tempfile::tempdir().unwrap();
    let out = Command::new("python3")
        .args(["-B", "-c", "import sys; sys.path.insert(0, 'packaging/hook'); import published as p; d = sys.argv[1]; print(open(d + '/' + p.build_wheel(d), 'rb').read().decode('latin-1'))"])
        .arg(made.path())
        .current_dir(root())
        .output()
        .unwrap();
    let wheel = String::from_utf8_lossy(&out.stdout);
    assert!(wheel.contains(&format!("Requires-Dist: {NAME}=={VERSION}\n")), "{wheel}{:?}", out);
}

#[test]
fn both_readmes_offer_the_same_ways() {
    let ways = |file: &str| -> Vec<String> {
        let text = read(file);
        let table = text.split("uvx").next().unwrap().rfind('|').unwrap();
        text[table..]
            .lines()
            .take_while(|l| l.starts_with('|'))
            .flat_map(|l| l.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    let (en, zh) = (ways("README.md"), ways("README.zh-CN.md"));
    assert!(en.len() >= 6, "{en:?}");
    assert_eq!(en, zh);
    assert!(read("README.md").contains("from the first release on"));
    assert!(read("README.zh-CN.md").contains("自首个版本发布起"));
}

#[test]
fn the_notes_of_a_release_come_from_the_changelog() {
    let mut pack = Command::new("python3");
    pack.args(["-B", "packaging/pack.py", "notes", "--unreleased"]).current_dir(root());
    let out = pack.output().unwrap();
    assert!(out.status.success() && !out.stdout.is_empty(), "{out:?}");
    let notes = String::from_utf8(out.stdout).unwrap();
    assert!(notes.contains("### Added") && !notes.contains("\n## "), "{notes}");
}

/// A release in a folder, and a machine on which the action runs.
#[cfg(unix)]
struct Runner {
    folder: tempfile::TempDir,
}

#[cfg(unix)]
impl Runner {
    fn new() -> Runner {
        let runner = Runner { folder: tempfile::tempdir().unwrap() };
        let folder = format!("{NAME}-{VERSION}-x86_64-unknown-linux-musl");
        runner.program(&runner.path("made").join(&folder).join(NAME), "echo 'the published one'");
        let release = runner.path(&format!("releases/v{VERSION}"));
        std::fs::create_dir_all(&release).unwrap();
        let packed = format!(
            "tar -C made -czf releases/v{VERSION}/{folder}.tar.gz {folder} && cd releases/v{VERSION} && sha256sum *.gz >SHA256SUMS"
        );
        let made = Command::new("sh").args(["-c", &packed]).current_dir(runner.folder.path()).status();
        assert!(made.unwrap().success());
        // No wheel, unless a test has one.
        runner.program(&runner.path("python").join("python3"), "exit 1");
        runner.program(&runner.path("python").join("python"), "exit 1");
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, path: &Path, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn installs(&self, version: &str, os: &str) -> (Output, Option<String>) {
        let path = self.path("github-path");
        let _ = std::fs::remove_file(&path);
        let out = Command::new("sh")
            .arg(root().join("scripts/action-install"))
            .env("VERSION", version)
            .env("WSLINT_RELEASES", format!("file://{}", self.path("releases").display()))
            .env("RUNNER_OS", os)
            .env("RUNNER_ARCH", "X64")
            .env("RUNNER_TEMP", self.folder.path())
            .env("GITHUB_PATH", &path)
            .env("PATH", format!("{}:{}", self.path("python").display(), std::env::var("PATH").unwrap()))
            .output()
            .unwrap();
        let said = std::fs::read_to_string(&path).ok().map(|bin| {
            let out = Command::new(Path::new(bin.trim()).join(NAME)).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().to_owned()
        });
        (out, said)
    }
}

#[cfg(unix)]
#[test]
fn the_action_takes_the_published_binary_of_its_own_version() {
    let runner = Runner::new();
    for version in ["", VERSION, &format!("v{VERSION}")] {
        let (out, said) = runner.installs(version, "Linux");
        assert!(out.status.success(), "{out:?}");
        assert_eq!(said.as_deref(), Some("the published one"));
    }
}

#[cfg(unix)]
#[test]
fn the_action_refuses_an_archive_with_another_checksum() {
    let runner = Runner::new();
    // A wheel that would install does not make it good.
    runner.program(&runner.path("python").join("python3"), "exit 0");
    let archive = runner.path(&format!("releases/v{VERSION}/{NAME}-{VERSION}-x86_64-unknown-linux-musl.tar.gz"));
    let mut bytes = std::fs::read(&archive).unwrap();
    bytes.push(0);
    std::fs::write(&archive, bytes).unwrap();
    let (out, said) = runner.installs("", "Linux");
    assert_eq!((out.status.code(), said), (Some(2), None));
    assert!(String::from_utf8_lossy(&out.stdout).contains("::error title=wslint::wslint-"), "{out:?}");
}

#[cfg(unix)]
#[test]
fn the_action_falls_back_to_the_wheel_of_the_same_version_or_says_what_is_missing() {
    let runner = Runner::new();
    let (out, said) = runner.installs("", "Plan9");
    assert_eq!((out.status.code(), said), (Some(2), None), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stdout).contains("neither a binary nor a wheel"), "{out:?}");
    for wrong in ["main", "v1", "../../v0.1.0", "0.1.0;id"] {
        let (out, said) = runner.installs(wrong, "Linux");
        assert_eq!((out.status.code(), said), (Some(2), None), "{wrong}");
        assert!(String::from_utf8_lossy(&out.stdout).contains("is no version"), "{wrong}: {out:?}");
    }
    runner.program(
        &runner.path("python").join("python3"),
        "for word; do last=$word; done\nmkdir -p bin\nprintf '#!/bin/sh\\necho the wheel %s\\n' \"$last\" >bin/wslint\nchmod +x bin/wslint",
    );
    let (out, said) = runner.installs("", "Plan9");
    assert!(out.status.success(), "{out:?}");
    assert_eq!(said, Some(format!("the wheel {NAME}=={VERSION}")));
}
