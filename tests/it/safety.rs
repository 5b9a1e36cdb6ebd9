//! Nothing is lost and nothing leaks: faults while writing, kills at any moment, hostile repositories.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wslint::fix::{Patched, write};
use wslint::source::{FileKind, FileSystem, MemFs};

const GOOD: &str = "server {\n    listen 80;\n    location /ws {\n        proxy_pass http://127.0.0.1:1;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n    }\n}\n";

fn bad() -> String {
    GOOD.replace("\"upgrade\"", "\"ugrade\"")
}

fn wslint(root: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wslint")).current_dir(root).args(args).stdin(Stdio::null()).output().unwrap()
}

fn put(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn leftovers(root: &Path) -> usize {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    entries.filter(|e| e.file_name().to_string_lossy().starts_with(".wslint-")).count()
}

/// A disk on which the n-th write fails, and with `stuck` every one after it.
struct Faulty<'a> {
    disk: &'a MemFs,
    fails_at: usize,
    stuck: bool,
    writes: AtomicUsize,
}

impl FileSystem for Faulty<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.disk.read(path)
    }
    fn list_dir(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
        self.disk.list_dir(path)
    }
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.disk.kind(path)
    }
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.disk.canonicalize(path)
    }
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let n = self.writes.fetch_add(1, Ordering::SeqCst);
        if n == self.fails_at || (self.stuck && n > self.fails_at) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        self.disk.replace(path, bytes)
    }
}

/// Five files and what is to become of each.
fn five() -> (MemFs, Vec<(PathBuf, Patched)>) {
    let files: Vec<(PathBuf, Vec<u8>)> =
        (0..5).map(|n| (format!("/c/{n}.conf").into(), format!("old {n}").into_bytes())).collect();
    let patched = files.iter().map(|(p, old)| {
        let edit = wslint::fix::ByteEdit { start: 0, end: 3, text: b"new".to_vec() };
        let mut patched = Patched::new(old.clone());
        patched.apply(&[edit]);
        (p.clone(), patched)
    });
    let patched = patched.collect();
    (MemFs::new(files), patched)
}

#[test]
fn a_fault_at_any_write_leaves_all_files_as_they_were_or_says_which_are_not() {
    for fails_at in 0..5 {
        for stuck in [false, true] {
            let (disk, files) = five();
            let faulty = Faulty { disk: &disk, fails_at, stuck, writes: AtomicUsize::new(0) };
            let said = write(&faulty, &files).unwrap_err().to_string();
            for (n, (path, patched)) in files.iter().enumerate() {
                let now = disk.read(path).unwrap();
                let changed = now == patched.text();
                assert!(changed || now == patched.old(), "a mixture in {}", path.display());
                let named = said.contains("these files stay changed") && said.contains(&format!("/c/{n}.conf"));
                assert!(!changed || named, "{} is changed, and nobody says so: {said}", path.display());
            }
            assert!(stuck || said.contains("nothing was changed"), "{said}");
        }
    }
}

#[test]
fn a_file_that_changed_in_between_stops_everything() {
    let (disk, files) = five();
    disk.replace(Path::new("/c/3.conf"), b"somebody else").unwrap();
    let said = write(&disk, &files).unwrap_err().to_string();
    assert!(said.contains("/c/3.conf") && said.contains("nothing was written"), "{said}");
    assert_eq!(disk.read(Path::new("/c/0.conf")).unwrap(), b"old 0");
}

/// `WSLINT_KILLS=1000` for the long run.
#[test]
fn a_kill_at_any_moment_leaves_old_or_new_files_and_nothing_else() {
    let rounds: u64 = std::env::var("WSLINT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n");
    let names: Vec<String> = (0..12).map(|n| format!("conf.d/{n}.conf")).collect();
    let padding = "# padding\n".repeat(2_000);
    let (old, new) = (bad() + &padding, GOOD.to_owned() + &padding);
    let (mut killed, mut half) = (0, 0);
    for round in 0..rounds {
        for name in &names {
            put(root, name, &old.replace("listen 80", &format!("listen {}", 1000 + name.len())));
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .current_dir(root)
            .args(["--isolated", "--fix", "nginx.conf"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From before the first write to behind the last one, in steps that never repeat.
        std::thread::sleep(Duration::from_micros(round * 7919 % 40_000));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let mut changed = 0;
        for name in &names {
            let now = std::fs::read_to_string(root.join(name)).unwrap();
            let listen = format!("listen {}", 1000 + name.len());
            assert!(
                now == old.replace("listen 80", &listen) || now == new.replace("listen 80", &listen),
                "a mixture in {name}, round {round}"
            );
            changed += usize::from(now.contains("\"upgrade\""));
        }
        half += usize::from(changed > 0 && changed < names.len());
        let again = wslint(root, &["--isolated", "--fix", "nginx.conf"]);
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        if changed < names.len() {
            assert_eq!(leftovers(root), 0, "round {round}");
        }
    }
    println!("{rounds} rounds: {killed} killed, {half} with some files written and some not");
    assert!(killed > 0, "every run was faster than its kill");
}

#[test]
fn a_file_that_is_read_only_stays_and_is_named() {
    // Root could write it all the same: wslint respects that somebody made it read-only.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n");
    put(root, "conf.d/a.conf", &bad());
    let mut read_only = std::fs::metadata(root.join("conf.d/a.conf")).unwrap().permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(root.join("conf.d/a.conf"), read_only).unwrap();
    let out = wslint(root, &["--isolated", "--fix", "nginx.conf"]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("conf.d/a.conf") && said.contains("nothing was changed"), "{said}");
    assert_eq!(std::fs::read_to_string(root.join("conf.d/a.conf")).unwrap(), bad());
    assert_eq!(leftovers(root), 0);
}

#[cfg(unix)]
#[test]
fn mode_links_and_line_endings_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "real/app.conf", bad().replace('\n', "\r\n").trim_end());
    std::fs::set_permissions(root.join("real/app.conf"), std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/app.conf", root.join("app.conf")).unwrap();
    let out = wslint(root, &["--isolated", "--fix", "app.conf"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(root.join("app.conf").symlink_metadata().unwrap().is_symlink());
    assert_eq!(root.join("real/app.conf").metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_to_string(root.join("real/app.conf")).unwrap(), GOOD.replace('\n', "\r\n").trim_end());
}

/// A repository under review makes wslint neither read nor show a file of the machine.
#[cfg(unix)]
#[test]
fn nothing_outside_the_project_is_shown() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let secret = "proxy_set_header Upgrade $http_upgrad_SECRET; proxy_set_header Conection SECRET;\n";
    put(outside.path(), "secret.conf", secret);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    let absolute = outside.path().join("secret.conf");
    symlink(&absolute, root.join("link.conf")).unwrap();
    symlink(outside.path(), root.join("folder")).unwrap();
    let up = format!("../{}/secret.conf", outside.path().file_name().unwrap().to_string_lossy());
    for include in [
        absolute.to_str().unwrap(),
        &up,
        "link.conf",
        "folder/*.conf",
        "folder/secret.conf",
        "/etc/passwd",
        "../../../../../../etc/passwd",
    ] {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        location /ws {{\n            include {include};\n            proxy_pass http://127.0.0.1:1;\n        }}\n    }}\n}}\n"
        );
        put(root, "nginx.conf", &text);
        for args in [
            &["nginx.conf"][..],
            &["--format", "json", "nginx.conf"],
            &["--diff", "nginx.conf"],
            &["trace", "ws://x/ws", "nginx.conf"],
            &["--format", "ticket", "nginx.conf"],
        ] {
            let out = wslint(root, args);
            let all = [out.stdout, out.stderr].concat();
            let all = String::from_utf8_lossy(&all);
            assert!(!all.contains("SECRET") && !all.contains("root:x:"), "{include} {args:?}: {all}");
        }
    }
    // Neither does its wslint.toml.
    for setting in [
        "roots = [\"../x.conf\"]",
        "roots = [\"/etc/nginx/nginx.conf\"]",
        "baseline = \"/etc/passwd\"",
        "[paths]\n\"/etc/nginx\" = \"/etc\"",
    ] {
        put(root, "wslint.toml", setting);
        let out = wslint(root, &["nginx.conf"]);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{setting}: {said}");
        assert!(said.contains("leaves the project"), "{setting}: {said}");
    }
}

/// Every link by which a repository could lead out of itself: nothing outside is shown, listed or written,
/// and what was not opened is named.
#[cfg(unix)]
#[test]
fn no_link_leads_out() {
    use std::os::unix::fs::symlink;
    const SECRET: &str = "server {\n    listen 80;\n    server_name SECRET;\n    location /SECRET/ws {\n        proxy_pass http://127.0.0.1:1;\n        proxy_set_header Conection SECRET;\n    }\n}\n";
    let main = format!("events {{}}\nhttp {{\n{SECRET}}}\n");
    type Plant = fn(&Path, &Path);
    let plants: &[(&str, Plant)] = &[
        ("a linked file", |root, out| symlink(out.join("nginx.conf"), root.join("nginx.conf")).unwrap()),
        ("a linked folder", |root, out| symlink(out, root.join("conf")).unwrap()),
        ("a link to a link", |root, out| {
            symlink(out, root.join("a")).unwrap();
            symlink("a/nginx.conf", root.join("nginx.conf")).unwrap();
        }),
        ("roots that are links", |root, out| {
            symlink(out.join("nginx.conf"), root.join("edge")).unwrap();
            put(root, "wslint.toml", "roots = [\"edge\"]\n");
        }),
        ("roots in a linked folder", |root, out| {
            symlink(out, root.join("conf")).unwrap();
            put(root, "wslint.toml", "roots = [\"conf/nginx.conf\"]\n");
        }),
        ("paths to a linked folder", |root, out| {
            symlink(out, root.join("conf")).unwrap();
            put(root, "wslint.toml", "[paths]\n\"/etc/nginx\" = \"conf\"\n");
            put(root, "nginx.conf", "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n");
        }),
        ("a baseline", |root, out| {
            symlink(out.join("site.conf"), root.join("baseline.json")).unwrap();
            put(root, "wslint.toml", "baseline = \"baseline.json\"\n");
        }),
        ("settings", |root, out| symlink(out.join("site.conf"), root.join("wslint.toml")).unwrap()),
        ("a main configuration around a fragment", |root, out| {
            symlink(out.join("around.conf"), root.join("nginx.conf")).unwrap();
        }),
        ("a folder of sites", |root, out| {
            symlink(out, root.join("sites-enabled")).unwrap();
            put(root, "nginx.conf", "events {}\nhttp {\n    include sites-enabled/*.conf;\n}\n");
        }),
    ];
    for (way, plant) in plants {
        let outside = tempfile::tempdir().unwrap();
        put(outside.path(), "nginx.conf", &main);
        put(outside.path(), "site.conf", SECRET);
        put(outside.path(), "around.conf", "events {}\nhttp {\n# SECRET\ninclude good.conf;\n}\n");
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join(".git")).unwrap();
        put(root, "good.conf", GOOD);
        plant(root, outside.path());
        for args in [
            &["."][..],
            &[],
            &["-v", "."],
            &["--format", "json", "."],
            &["--diff", "--unsafe-fixes", "."],
            &["--fix", "--unsafe-fixes", "."],
            &["--format", "ticket", "."],
            &["--no-ignore", "."],
            &["good.conf"],
            &["trace", "ws://x/SECRET/ws"],
        ] {
            let out = wslint(root, args);
            let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).replace("ws://x/SECRET/ws", "");
            assert!(!text.contains("SECRET"), "{way} {args:?}: {text}");
        }
        for (name, text) in [("nginx.conf", main.as_str()), ("site.conf", SECRET)] {
            assert_eq!(std::fs::read_to_string(outside.path().join(name)).unwrap(), text, "{way}");
        }
        // What a person names, they may look at.
        let named = wslint(root, &["--isolated", outside.path().join("nginx.conf").to_str().unwrap()]);
        assert!(String::from_utf8_lossy(&named.stdout).contains("SECRET"), "{way}");
    }
}

/// A link in the place of a report, a baseline or new settings: what it leads to stays.
#[cfg(unix)]
#[test]
fn no_report_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "profile", "mine\n");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    put(root, "bad.conf", &bad());
    symlink(outside.path().join("profile"), root.join("report.json")).unwrap();
    symlink(outside.path().join("new"), root.join("wslint.toml")).unwrap();
    for args in [
        &["--format", "json", "-o", "report.json", "bad.conf"][..],
        &["--write-baseline", "report.json", "bad.conf"],
        &["init"],
    ] {
        let out = wslint(root, args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    }
    assert_eq!(std::fs::read_to_string(outside.path().join("profile")).unwrap(), "mine\n");
    assert!(!outside.path().join("new").exists());
    // Standard output under its name in the file system is no link of the project.
    let out = wslint(root, &["--format", "concise", "-o", "/dev/stdout", "bad.conf"]);
    assert!(!out.stdout.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Includes that no file stands behind: they are named, none of them hangs.
#[cfg(unix)]
#[test]
fn hostile_includes_end() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert!(Command::new("mkfifo").arg(root.join("fifo")).status().unwrap().success());
    std::fs::create_dir(root.join("folder")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let directory = root.join("conf.d");
    std::fs::create_dir(&directory).unwrap();
    symlink("..", directory.join("up.conf")).unwrap();
    for include in ["fifo", "folder", "loop", "/dev/zero", "/dev/stdin", "conf.d/*.conf", "nginx.conf", "a\\nb"] {
        put(root, "nginx.conf", &format!("events {{}}\nhttp {{\n    include \"{include}\";\n}}\n"));
        let out = wslint(root, &["--isolated", "-v", "nginx.conf"]);
        assert!(matches!(out.status.code(), Some(0 | 1)), "{include}: {}", String::from_utf8_lossy(&out.stderr));
    }
    // Each file includes the next one twice: 2^40 of them, if nobody counts.
    for n in 0..40 {
        put(root, &format!("bomb/{n}"), &format!("include bomb/{0};\ninclude bomb/{0};\n", n + 1));
    }
    put(root, "bomb/40", "proxy_set_header A b;\n");
    put(root, "nginx.conf", "events {}\nhttp {\n    include bomb/0;\n}\n");
    let out = wslint(root, &["--isolated", "-v", "--format", "concise", "nginx.conf"]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("cannot be read"), "the limit is reported");
}

#[test]
fn the_same_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n");
    for n in 0..20 {
        put(root, &format!("conf.d/{n}.conf"), &bad().replace("listen 80", &format!("listen {}", 1000 + n)));
    }
    let plain = wslint(root, &["--format", "json", "."]).stdout;
    let odd = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(root)
        .args(["--format", "json", "--lang", "en", "."])
        .env_clear()
        .env("LC_ALL", "tr_TR.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(plain, odd.stdout, "no HOME, another locale");
    for jobs in ["1", "16"] {
        assert_eq!(plain, wslint(root, &["--format", "json", "--jobs", jobs, "."]).stdout, "--jobs {jobs}");
    }
    // A reader that leaves early, and an output that is closed.
    let early = Command::new("sh")
        .args([
            "-c",
            &format!(
                "{} --format json . | head -c 10; {} . >&-; echo \"$?\"",
                env!("CARGO_BIN_EXE_wslint"),
                env!("CARGO_BIN_EXE_wslint")
            ),
        ])
        .current_dir(root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&early.stderr);
    assert!(!said.contains("panicked"), "{said}");
}

/// A real disk without room, in a mount namespace of its own: the file stays as it was, the message says
/// why, and nothing is left behind.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_files_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let script = r#"
        mount -t tmpfs -o size=256k none "$1" || exit 77
        cd "$1" || exit 78
        printf '%s' "$3" >a.conf; printf '%s' "$3" >b.conf
        printf 'events {}\nhttp {\n    include a.conf;\n    include b.conf;\n}\n' >nginx.conf
        # Nothing fits any more.
        dd if=/dev/zero of=filler bs=4k 2>/dev/null; dd if=/dev/zero of=rest bs=1 2>/dev/null
        "$2" --isolated --fix nginx.conf; echo "exit $?"
        for f in a.conf b.conf; do printf '%s' "$3" | cmp - "$f" && echo same; done
        ls -A | grep '^\.wslint-' && echo leftover
        rm filler rest
        "$2" --isolated --fix nginx.conf >/dev/null 2>&1; echo "later $?"
        ls -A | grep '^\.wslint-' && echo leftover
        true
    "#;
    // Large enough to need pages of its own.
    let text = bad() + &"# and a comment that fills the file\n".repeat(200);
    let out = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .arg(root)
        .arg(env!("CARGO_BIN_EXE_wslint"))
        .arg(&text)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "no mount namespace: run the tests as root. {stdout}{stderr}");
    assert!(stdout.contains("exit 2"), "{stdout}{stderr}");
    assert!(stderr.contains("a.conf") && stderr.contains("o space left on device"), "{stderr}");
    assert_eq!(stdout.matches("same").count(), 2, "{stdout}{stderr}");
    assert!(stdout.contains("later 0") && !stdout.contains("leftover"), "{stdout}{stderr}");
}
