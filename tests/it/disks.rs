//! Every file system answers alike: the real one, one seen from a directory, one with text over it, one with
//! a fence around it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use wslint::source::{
    Bounds, Fence, FileKind, FileSystem, MemFs, Met, OsFs, Overlay, Rooted, Visitor, is_outside, leads_out, lies_in,
};

/// A project with links of every kind in it, beside a folder that is not its business.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new() -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["p/d", "p/empty", "q"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        for (name, text) in [("p/a.conf", "0123456789"), ("p/d/b.conf", "bb"), ("p/z.conf", ""), ("q/far.conf", "far")]
        {
            std::fs::write(path(name), text).unwrap();
        }
        for (to, name) in [
            ("a.conf", "p/link.conf"),
            ("d", "p/to-d"),
            ("..", "p/d/up"),
            ("nowhere", "p/dangling"),
            ("../q/far.conf", "p/out.conf"),
            ("../q", "p/out"),
        ] {
            symlink(to, path(name)).unwrap();
        }
        let _socket = std::os::unix::net::UnixListener::bind(path("p/socket")).unwrap();
        Disk { folder }
    }

    fn project(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("p")
    }
}

/// Names within the project, asked about one by one.
const NAMES: [&str; 15] = [
    ".",
    "a.conf",
    "d",
    "d/b.conf",
    "d/up",
    "dangling",
    "empty",
    "link.conf",
    "none",
    "none/x",
    "socket",
    "to-d",
    "to-d/b.conf",
    "d/../a.conf",
    "z.conf",
];
const BEYOND: [&str; 4] = ["out.conf", "out", "out/far.conf", "../q/far.conf"];

fn told<T: Debug>(answer: std::io::Result<T>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) if is_outside(&error) => "outside".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// All that a file system says of a path.
fn answers(fs: &dyn FileSystem, path: &Path) -> [String; 6] {
    let sorted = |mut names: Vec<std::ffi::OsString>| {
        names.sort();
        names
    };
    [
        told(fs.kind(path)),
        told(fs.read(path)),
        told(fs.head(path, 3)),
        told(fs.list_dir(path).map(sorted)),
        fs.is_link(path).to_string(),
        told(fs.canonicalize(path)),
    ]
}

/// What a walk comes upon. It looks into no directory of this name.
struct Walked<'w> {
    closed: &'w str,
    from: PathBuf,
    met: Vec<String>,
}

impl Visitor for Walked<'_> {
    fn meet(&mut self, path: &Path, met: Met) -> bool {
        let shown = path.strip_prefix(&self.from).unwrap_or(path);
        self.met.push(format!("{} {met:?}", shown.display()));
        !path.ends_with(self.closed)
    }
}

fn walked(fs: &dyn FileSystem, folder: &Path, closed: &str) -> Vec<String> {
    let mut visitor = Walked { closed, from: folder.to_owned(), met: Vec::new() };
    fs.walk(folder, &mut visitor);
    visitor.met
}

#[test]
fn every_file_system_says_the_same_of_a_path() {
    let disk = Disk::new();
    let project = disk.project();
    let rooted = Rooted::new(OsFs, project.clone());
    let plain: Overlay<'_> = Overlay::new(&OsFs, BTreeMap::new());
    let covered = Overlay::new(&OsFs, BTreeMap::from([(project.join("a.conf"), b"0123456789".to_vec())]));
    let open = Fence::new(&OsFs, Bounds::everywhere());
    let mut bounds = Bounds::default();
    bounds.allow(&OsFs, &project);
    let fenced = Fence::new(&OsFs, bounds);
    for name in NAMES.into_iter().chain(BEYOND) {
        let path = project.join(name);
        let real = answers(&OsFs, &path);
        assert_eq!(answers(&rooted, Path::new(name)), real, "seen from its folder: {name}");
        assert_eq!(answers(&rooted, Path::new(name)), real, "remembered: {name}");
        assert_eq!(answers(&rooted, &path), real, "by its whole path: {name}");
        assert_eq!(answers(&plain, &path), real, "under nothing: {name}");
        assert_eq!(answers(&covered, &path), real, "under the same text: {name}");
        assert_eq!(answers(&open, &path), real, "without bounds: {name}");
        let within = answers(&fenced, &path);
        match BEYOND.contains(&name) {
            false => assert_eq!(within, real, "within bounds: {name}"),
            true => assert_eq!(within[..4], ["outside"; 4], "beyond: {name}"),
        }
    }
    let [kind, read, head, list, link, real] = answers(&OsFs, &project.join("to-d"));
    assert_eq!(
        [kind, read, head, list, link],
        ["Directory", "IsADirectory", "IsADirectory", r#"["b.conf", "up"]"#, "true"]
    );
    assert_eq!(real, format!("{:?}", project.join("d")));
    let [kind, _, head, list, link, _] = answers(&OsFs, &project.join("a.conf"));
    assert_eq!([kind, head, list, link], ["File", "[48, 49, 50]", "NotADirectory", "false"]);
    assert_eq!(answers(&OsFs, &project.join("socket"))[..3], ["Other", "InvalidInput", "InvalidInput"]);
}

#[test]
fn a_walk_tells_what_every_link_is() {
    let disk = Disk::new();
    let project = disk.project();
    let all = [
        " Folder",
        "a.conf File",
        "d Folder",
        "d/b.conf File",
        "d/up Loop",
        "dangling Dangling",
        "empty Folder",
        "link.conf LinkToFile",
        "out LinkToFolder",
        "out/far.conf File",
        "out.conf LinkToFile",
        "to-d LinkToFolder",
        "to-d/b.conf File",
        "to-d/up Loop",
        "z.conf File",
    ];
    assert_eq!(walked(&OsFs, &project, "no"), all);
    let without = |name: &str| all.into_iter().filter(|m| !m.starts_with(&format!("{name}/"))).collect::<Vec<_>>();
    assert_eq!(walked(&OsFs, &project, "d"), without("d"));
    let rooted = Rooted::new(OsFs, project.clone());
    assert_eq!(walked(&rooted, &project, "no"), all);
    let mut as_called = Walked { closed: "no", from: "/none".into(), met: Vec::new() };
    rooted.walk(Path::new("."), &mut as_called);
    assert_eq!(as_called.met[..3], [". Folder", "a.conf File", "d Folder"]);
    assert_eq!(walked(&rooted, Path::new("d"), "no")[..2], [" Folder", "b.conf File"]);

    let mut bounds = Bounds::default();
    bounds.allow(&OsFs, &project);
    let fenced = Fence::new(&OsFs, bounds);
    let expected: Vec<String> = without("out")
        .into_iter()
        .map(|met| {
            if met.starts_with("out") { format!("{} Outside", met.split(' ').next().unwrap()) } else { met.to_owned() }
        })
        .collect();
    // A link that leads out is not to be looked into, which is for the visitor to say.
    assert_eq!(walked(&fenced, &project, "out"), expected);
    assert_eq!(walked(&fenced, &project.join("../q"), "no"), [" Outside"]);

    let files = BTreeMap::from([
        (project.join("a.conf"), b"changed".to_vec()),
        (project.join("d/new.conf"), b"new".to_vec()),
        (project.join("../q/new.conf"), b"elsewhere".to_vec()),
    ]);
    let covered = Overlay::new(&OsFs, files);
    let new: Vec<&str> = all.into_iter().chain(["d/new.conf File"]).collect();
    assert_eq!(walked(&covered, &project, "no"), new);
}

#[test]
fn text_over_the_disk_is_there_by_every_name() {
    let disk = Disk::new();
    let project = disk.project();
    let files = BTreeMap::from([
        (project.join("a.conf"), b"changed".to_vec()),
        (project.join("new/deep/x.conf"), b"new".to_vec()),
        (project.join("to-d/y.conf"), b"y".to_vec()),
    ]);
    let fs = Overlay::new(&OsFs, files);
    let read = |name: &str| told(fs.read(&project.join(name)).map(|b| String::from_utf8(b).unwrap()));
    assert_eq!([read("a.conf"), read("link.conf"), read("d/y.conf")], [r#""changed""#, r#""changed""#, r#""y""#]);
    assert_eq!(told(fs.head(&project.join("link.conf"), 2)), "[99, 104]");
    assert_eq!(told(fs.list_dir(&project.join("d"))), r#"["b.conf", "up", "y.conf"]"#);
    assert_eq!(told(fs.list_dir(&project.join("new"))), r#"["deep"]"#);
    assert_eq!(told(fs.list_dir(&project.join("newer"))), "NotFound");
    let kind = |name: &str| told(fs.kind(&project.join(name)));
    assert_eq!(
        [kind("new"), kind("new/deep"), kind("new/deep/x.conf"), kind("new/deep/x.conf/y")],
        ["Directory", "Directory", "File", "NotFound"]
    );
    assert_eq!([kind("ne"), kind("new/deep/z.conf")], ["NotFound", "NotFound"]);
    let real = fs.canonicalize(&project.join("to-d/y.conf")).unwrap();
    assert_eq!(real, project.join("d/y.conf"));
    assert_eq!(told(fs.canonicalize(&project.join("to-d/z.conf"))), "NotFound");
}

#[test]
fn what_is_written_goes_through_every_file_system_and_over_no_fence() {
    let disk = Disk::new();
    let project = disk.project();
    let rooted = Rooted::new(OsFs, project.clone());
    let covered = Overlay::new(&OsFs, BTreeMap::from([(project.join("x"), Vec::new())]));
    let mut bounds = Bounds::default();
    bounds.allow(&OsFs, &project);
    let fenced = Fence::new(&OsFs, bounds);
    let (a, report) = (project.join("a.conf"), project.join("report"));
    let all: [(&dyn FileSystem, PathBuf, PathBuf); 4] = [
        (&OsFs, a.clone(), report.clone()),
        (&rooted, "a.conf".into(), "report".into()),
        (&covered, a.clone(), report.clone()),
        (&fenced, a.clone(), report.clone()),
    ];
    for (number, (fs, a_there, report_there)) in all.iter().enumerate() {
        let text = number.to_string();
        fs.replace(a_there, text.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&a).unwrap(), text);
        for (append, left) in [(false, "one"), (true, "oneone"), (false, "one")] {
            fs.write_to(report_there, append).unwrap().write_all(b"one").unwrap();
            assert_eq!(std::fs::read_to_string(&report).unwrap(), left);
        }
    }
    for name in BEYOND {
        assert!(fenced.replace(&project.join(name), b"x").is_err(), "{name}");
        assert!(fenced.write_to(&project.join(name), false).is_err_and(|e| is_outside(&e)), "{name}");
    }
    assert_eq!(std::fs::read_to_string(project.join("../q/far.conf")).unwrap(), "far");
    let mut read_only = std::fs::metadata(&a).unwrap().permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(&a, read_only).unwrap();
    assert_eq!(told(OsFs.replace(&a, b"x")), "PermissionDenied");
    assert_eq!(told(OsFs.replace(&project.join("none"), b"x")), "NotFound");
}

#[test]
fn what_a_killed_run_left_is_removed_and_nothing_else() {
    let disk = Disk::new();
    let project = disk.project();
    // No process has this number; that of this one is alive.
    let parent = std::os::unix::process::parent_id();
    let names = [
        format!(".wslint-{}-x", u32::MAX),
        format!(".wslint-{parent}-x"),
        ".wslint-x".to_owned(),
        "wslint-1-x".to_owned(),
    ];
    for name in &names {
        std::fs::write(project.join(name), "").unwrap();
    }
    OsFs.replace(&project.join("a.conf"), b"x").unwrap();
    let left = names.each_ref().map(|name| project.join(name).exists());
    assert_eq!(left, [false, true, true, true]);
}

#[test]
fn a_disk_is_remembered_until_it_is_forgotten() {
    let disk = Disk::new();
    let project = disk.project();
    let fs = Rooted::new(OsFs, project.clone());
    assert_eq!(told(fs.kind(Path::new("later"))), "NotFound");
    std::fs::write(project.join("later"), "").unwrap();
    assert_eq!(told(fs.kind(Path::new("later"))), "NotFound");
    fs.forget();
    assert_eq!(fs.kind(Path::new("later")).unwrap(), FileKind::File);
}

#[test]
fn what_leads_out_is_told_from_what_is_named_outside() {
    let disk = Disk::new();
    let project = disk.project();
    let out = |name: &str| leads_out(&OsFs, &project.join(name), &project);
    assert_eq!(["out.conf", "out", "a.conf", "link.conf", "none"].map(out), [true, true, false, false, false]);
    assert_eq!(["../q/far.conf", "out/far.conf", "none/x"].map(out), [false; 3]);
    let inside = |name: &str| lies_in(&OsFs, &project.join(name), &project);
    assert_eq!(["a.conf", "link.conf", "none", "out.conf", "../q"].map(inside), [true, true, true, false, false]);

    let mut file = Bounds::default();
    file.allow(&OsFs, &project.join("link.conf"));
    file.allow(&OsFs, &project.join("none"));
    let fenced = Fence::new(&OsFs, file);
    assert_eq!(told(fenced.kind(&project.join("a.conf"))), "File");
    assert_eq!(told(fenced.kind(&project.join("z.conf"))), "outside");
    assert_eq!(told(fenced.kind(&project.join("none"))), "NotFound");
}

#[test]
fn files_in_memory_are_a_disk_too() {
    let fs =
        MemFs::new(["/p/a.conf", "/p/d/b.conf", "/p/d/c.conf", "/pq/x"].map(|n| (n.into(), n.as_bytes().to_vec())));
    assert_eq!(told(fs.list_dir(Path::new("/p"))), r#"["a.conf", "d"]"#);
    assert_eq!(told(fs.list_dir(Path::new("/none"))), "NotFound");
    assert_eq!(told(fs.kind(Path::new("/p/d"))), "Directory");
    assert_eq!(told(fs.kind(Path::new("/p/d/b.conf"))), "File");
    assert_eq!(told(fs.head(Path::new("/p/a.conf"), 2)), "[47, 112]");
    assert_eq!(told(fs.canonicalize(Path::new("/p/../p/d/./b.conf"))), r#""/p/d/b.conf""#);
    assert_eq!(
        walked(&fs, Path::new("/p"), "no"),
        [" Folder", "a.conf File", "d Folder", "d/b.conf File", "d/c.conf File"]
    );
    assert_eq!(walked(&fs, Path::new("/p"), "d"), [" Folder", "a.conf File", "d Folder"]);
    assert_eq!(walked(&fs, Path::new("/none"), "no"), [" Unreadable"]);
    assert_eq!(told(fs.replace(Path::new("/p/none"), b"x")), "NotFound");
    fs.replace(Path::new("/p/a.conf"), b"x").unwrap();
    assert_eq!(told(fs.read(Path::new("/p/a.conf"))), "[120]");
    assert!(fs.write_to(Path::new("/p/a.conf"), true).is_err() && !fs.is_link(Path::new("/p/a.conf")));
}
