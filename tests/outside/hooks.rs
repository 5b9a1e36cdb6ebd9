//! The hooks, run by the real pre-commit in a repository made for it: a change that passes, one that
//! fails, one that is mended; a fragment whose root is elsewhere in the repository.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = "events {}\nhttp {\n    proxy_http_version 1.1;\n    include conf.d/*.conf;\n}\n";

fn vhost(connection: &str) -> String {
    format!(
        "server {{\n    listen 80;\n    location /ws {{\n        proxy_pass http://127.0.0.1:1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"{connection}\";\n    }}\n}}\n"
    )
}

struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    /// The hooks as they are published, but for how they are installed: from this build.
    fn new(hook: &str) -> Repository {
        let folder = tempfile::tempdir().unwrap();
        let published =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")).unwrap();
        let entry = published.split("\n\n").find(|b| b.contains(&format!("id: {hook}\n"))).unwrap();
        assert!(entry.contains("language: python"), "{hook} is not installed from the wheel");
        let binary = env!("CARGO_BIN_EXE_wslint");
        let local =
            entry.replace("language: python", "language: system").replace("entry: wslint", &format!("entry: {binary}"));
        let indented: String = local.lines().map(|l| format!("      {l}\n")).collect();
        let repository = Repository { folder };
        repository.put(".pre-commit-config.yaml", &format!("repos:\n  - repo: local\n    hooks:\n{indented}"));
        repository.put("deploy/nginx/nginx.conf", ROOT);
        repository.put("deploy/nginx/conf.d/other.conf", &vhost("upgrade"));
        repository.git(&["init", "-q"]);
        repository
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, program: impl AsRef<Path>, args: &[&str]) -> Output {
        Command::new(program.as_ref())
            .args(args)
            .current_dir(self.folder.path())
            .env("PRE_COMMIT_HOME", self.folder.path().join(".cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env_remove("GIT_DIR")
            .output()
            .unwrap()
    }

    fn git(&self, args: &[&str]) {
        let out = self.command("git", args);
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// What pre-commit says of a change to this one file.
    fn commits(&self, name: &str, text: &str) -> (bool, String) {
        self.put(name, text);
        self.git(&["add", "-A"]);
        let consumers: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/consumers/bin/pre-commit");
        assert!(consumers.exists(), "{}: `sh tests/run` installs it", consumers.display());
        let out = self.command(&consumers, &["run", "--files", name]);
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.success(), said)
    }
}

#[test]
fn the_hook_passes_and_fails() {
    let repository = Repository::new("wslint");
    // `proxy_http_version` comes from the root, which was not changed.
    let (passes, said) = repository.commits("deploy/nginx/conf.d/app.conf", &vhost("upgrade"));
    assert!(passes, "{said}");
    let (passes, said) = repository.commits("deploy/nginx/conf.d/app.conf", &vhost("ugrade"));
    assert!(
        !passes && said.contains("misspelled-websocket-setting") && said.contains("deploy/nginx/conf.d/app.conf:6"),
        "{said}"
    );
    let (passes, said) = repository.commits("README.md", "no configuration");
    assert!(passes && said.contains("Skipped"), "{said}");
}

#[test]
fn the_fixing_hook_mends_and_asks_to_look() {
    let repository = Repository::new("wslint-fix");
    let (passes, said) = repository.commits("deploy/nginx/conf.d/app.conf", &vhost("ugrade"));
    assert!(!passes && said.contains("files were modified by this hook"), "{said}");
    let mended = std::fs::read_to_string(repository.folder.path().join("deploy/nginx/conf.d/app.conf")).unwrap();
    assert_eq!(mended, vhost("upgrade"));
    let (passes, said) = repository.commits("deploy/nginx/conf.d/app.conf", &mended);
    assert!(passes, "{said}");
}
