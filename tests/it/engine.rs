//! What becomes of findings behind the rules: merged, suppressed, accepted, fixed in every place or in none.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::path::{Path, PathBuf};

use wslint::diagnostic::{Applicability, Category, Severity};
use wslint::engine::{Baseline, Checked, Options, Selection, Target, check};
use wslint::fix::plan;
use wslint::model::ScopeKind;
use wslint::model::config::lookup::Lookup;
use wslint::source::MemFs;
use wslint::syntax::Files;
use wslint::{Asked, Input, Session, SettingsFrom};

use crate::common::{self, Tree};

/// Several roots of one project, checked together.
fn together<T>(
    files: &[(&str, &str)],
    roots: &[&str],
    options: &Options,
    then: impl FnOnce(&Files<'_>, Checked) -> T,
) -> T {
    let tree: Tree = files.iter().map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec())).collect();
    let fs = common::mem(&tree);
    let mut files = Files::new(&fs);
    let target = |files: &mut Files<'_>, root: &&str| Target {
        file: files.read(Path::new(root)).unwrap(),
        is_root: true,
        named: true,
        page: wslint::engine::Page::None,
        context: ScopeKind::Main,
        inferred: false,
        lookup: Lookup {
            root_dir: ".".into(),
            project: ".".into(),
            map: Vec::new(),
            fragment: false,
            enabled: None,
            complete: false,
        },
        reports: true,
        witness: false,
        dump: false,
    };
    let targets: Vec<Target> = roots.iter().map(|r| target(&mut files, r)).collect();
    let checked = check(&mut files, &targets, options);
    then(&files, checked)
}

fn root(http: &str) -> String {
    format!("events {{}}\nhttp {{\n{http}\nserver {{\nlisten 8080;\ninclude site.conf;\n}}\n}}\n")
}

const SITE: &str = "location /app {\n    proxy_pass http://127.0.0.1:3000;\n}\n";

/// What `roots` say of the `proxy_pass` in a file that all of them include.
fn of_the_site(roots: &[(&str, &str)]) -> (Severity, bool) {
    let mut files = roots.to_vec();
    files.push(("site.conf", SITE));
    let names: Vec<&str> = roots.iter().map(|(name, _)| *name).collect();
    together(&files, &names, &common::options(None, None), |_, checked| {
        let mut found = checked.diagnostics.into_iter().filter(|d| d.rule == "upgrade-not-forwarded");
        let (one, more) = (found.next().unwrap(), found.next());
        assert!(more.is_none(), "one place, one finding: {more:?}");
        (one.severity, one.fix.is_some())
    })
}

/// Advice in one, where nobody speaks of WebSocket; an error in the other, where a comment does.
#[test]
fn a_finding_in_several_configurations_is_as_grave_as_in_the_gravest() {
    let weak = root("");
    let grave = weak.replace("include site.conf;", "location /app {\n# wslint: websocket\ninclude pass.conf;\n}");
    let weak = weak.replace("include site.conf;", "location /app {\ninclude pass.conf;\n}");
    let pass = "proxy_pass http://127.0.0.1:3000;\n";
    for roots in [["a.conf", "b.conf"], ["b.conf", "a.conf"]] {
        let severity = |asked: &[&str]| {
            let files = [("a.conf", weak.as_str()), ("b.conf", grave.as_str()), ("pass.conf", pass)];
            together(&files, asked, &common::options(None, None), |_, checked| {
                checked.diagnostics.iter().find(|d| d.rule == "upgrade-not-forwarded").unwrap().severity
            })
        };
        assert!(severity(&["a.conf"]) < severity(&["b.conf"]));
        assert_eq!(severity(&roots), severity(&["b.conf"]), "{roots:?}");
    }
}

/// A header on two lines cannot be repeated where its level is shadowed: no fix there, hence none at all.
#[test]
fn a_fix_is_made_in_every_configuration_or_in_none() {
    let (open, closed) = (root(""), root("proxy_set_header X-Long \"one\ntwo\";"));
    let (_, fixable) = of_the_site(&[("a.conf", &open)]);
    assert!(fixable);
    let (_, fixable) = of_the_site(&[("a.conf", &closed)]);
    assert!(!fixable);
    for roots in [[("a.conf", &*open), ("b.conf", &*closed)], [("a.conf", &*closed), ("b.conf", &*open)]] {
        let (_, fixable) = of_the_site(&roots);
        assert!(!fixable, "{roots:?}");
    }
}

#[test]
fn a_baseline_accepts_as_many_as_it_counts() {
    let text = root("").replace("include site.conf;", "location /a/ws { proxy_pass http://127.0.0.1:3000; }");
    let line = "location /a/ws { proxy_pass http://127.0.0.1:3000; }";
    let twice = text.replace(line, &format!("{line}\n}}\nserver {{\nlisten 8081;\n{line}"));
    let mut options = common::options(None, None);
    options.selection = Selection::new(&["upgrade-not-forwarded".to_owned()], &[]).unwrap();
    options.baseline = together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |files, checked| {
        assert_eq!(checked.diagnostics.len(), 1);
        Baseline::of(files, "/".into(), &checked.diagnostics)
    });
    let left = |text: &str| {
        together(&[("nginx.conf", text)], &["nginx.conf"], &options, |_, c| (c.diagnostics.len(), c.baselined))
    };
    assert_eq!(left(&text), (0, 1));
    assert_eq!(left(&twice), (1, 1), "the second of two equal lines is new");
}

#[test]
fn categories_are_selected_and_ignored_by_their_names() {
    let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let selects = |select: &[&str], ignore: &[&str]| {
        let selection = Selection::new(&names(select), &names(ignore)).unwrap();
        [
            selection.selects("path-mismatch", Category::Handshake),
            selection.selects("short-read-timeout", Category::Lifetime),
            selection.selects("h2c-upgrade", Category::Security),
        ]
    };
    assert_eq!(selects(&[], &[]), [true, true, false], "security speaks when it is asked");
    assert_eq!(selects(&[], &["lifetime"]), [true, false, false]);
    assert_eq!(selects(&["all"], &["handshake"]), [false, true, true]);
    assert_eq!(selects(&["security"], &[]), [false, false, true]);
    assert_eq!(selects(&["all"], &["h2c-upgrade"]), [true, true, false]);
    assert_eq!(selects(&["lifetime", "h2c-upgrade"], &["all"]), [false, false, false]);
    let chosen = Selection::new(&names(&["lifetime", "h2c-upgrade"]), &[]).unwrap();
    assert_eq!(
        ["h2c-upgrade", "short-read-timeout", "path-mismatch"].map(|r| chosen.names_rule(r)),
        [true, false, false]
    );
    let by_group = |rule, category| chosen.names(rule, category);
    assert!(by_group("h2c-upgrade", Category::Security) && by_group("short-read-timeout", Category::Lifetime));
    assert!(!by_group("path-mismatch", Category::Handshake));
    assert!(
        Selection::default().selects("path-mismatch", Category::Handshake) && !Selection::default().names_rule("x")
    );
}

/// The tree of a file with a syntax error may not be what its author sees.
#[test]
fn a_file_with_a_syntax_error_takes_part_in_no_plan() {
    let text = root("").replace("include site.conf;", "location /a/ws { proxy_pass http://127.0.0.1:3000; }");
    let mut options = common::options(None, None);
    options.selection = Selection::new(&["upgrade-not-forwarded".to_owned()], &[]).unwrap();
    together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |files, checked| {
        let found: Vec<_> = checked.diagnostics.iter().collect();
        assert_eq!(plan(&files.sources, &files.asts, &found).made, [0]);
        let broken: Vec<_> = files.asts.iter().map(|_| wslint::syntax::parse(b"server {")).collect();
        assert!(plan(&files.sources, &broken, &found).edits.is_empty());
    });
}

/// Of two locations that fail alike, only the one that the URL reaches is spoken of.
#[test]
fn a_url_narrows_the_findings_to_what_it_reaches() {
    let two =
        "location /a/ws { proxy_pass http://127.0.0.1:3000; }\nlocation /b/ws { proxy_pass http://127.0.0.1:3000; }";
    let text = root("").replace("include site.conf;", two);
    let lines = |url: Option<&str>| {
        let mut options = common::options(None, url);
        options.selection = Selection::new(&["upgrade-not-forwarded".to_owned()], &[]).unwrap();
        together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |files, checked| {
            let line = |d: &wslint::diagnostic::Diagnostic| {
                let place = d.primary.place;
                files.sources.get(place.file).lines().line(place.span.start)
            };
            checked.diagnostics.iter().map(line).collect::<Vec<_>>()
        })
    };
    assert_eq!(lines(None), [5, 6]);
    assert_eq!(lines(Some("ws://example.com:8080/a/ws")), [5]);
    assert_eq!(lines(Some("ws://example.com:8080/b/ws")), [6]);
}

/// Two projects are looked at in one run, and so their files may be opened; the configuration of one reads
/// nothing of the other all the same.
#[test]
fn a_configuration_reads_nothing_of_another_project() {
    let includes = |path: &str| {
        let fs = MemFs::new(
            [
                ("/a/.git/HEAD", String::new()),
                ("/a/nginx.conf", format!("events {{}}\nhttp {{\n    include {path};\n}}\n")),
                ("/a/own.conf", "server { listen 80; }\n".to_owned()),
                ("/b/.git/HEAD", String::new()),
                ("/b/other.conf", "server { listen 80; }\n".to_owned()),
            ]
            .map(|(name, text)| (PathBuf::from(name), text.into_bytes())),
        );
        let session = Session::new(&fs, &SettingsFrom::Nowhere).unwrap();
        let inputs = ["/a/nginx.conf", "/b/other.conf"].map(|path| Input::Path(path.into())).to_vec();
        let subject = session.open(&Asked { inputs, ..Asked::default() }).unwrap();
        let (_, checked) = subject.check(&common::options(None, None)).unwrap();
        checked.diagnostics.iter().map(|d| d.rule).collect::<Vec<_>>()
    };
    assert_eq!(includes("/a/own.conf"), [""; 0]);
    assert_eq!(includes("/b/other.conf"), ["unresolved-include"]);
}

/// What is right for one site may be wrong for others that include the same snippet.
#[test]
fn a_snippet_of_a_fragment_is_mended_by_hand() {
    let pass = "proxy_pass http://127.0.0.1:3000;\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\n\
                proxy_set_header Connection ugrade;\n";
    let site = "server {\nlisten 8080;\nlocation /ws {\ninclude pass.conf;\n}\n}\n".to_owned();
    let fix = |name: &str, text: String| {
        let tree =
            Tree::from([(name.to_owned(), text.into_bytes()), ("pass.conf".to_owned(), pass.as_bytes().to_vec())]);
        let fs = common::mem(&tree);
        let mut files = Files::new(&fs);
        let target = common::target_called(&mut files, name);
        let checked = check(&mut files, &[target], &common::options(None, None));
        let found = checked.diagnostics.into_iter().find(|d| d.rule == "misspelled-websocket-setting").unwrap();
        let fix = found.fix.unwrap();
        (fix.applicability, fix.note.is_some())
    };
    assert_eq!(fix("nginx.conf", format!("events {{}}\nhttp {{\n{site}}}\n")), (Applicability::Safe, false));
    assert_eq!(fix("site.conf", site.clone()), (Applicability::Unsafe, true));
    assert_eq!(fix("site.conf", site.replace("include pass.conf;", pass)), (Applicability::Safe, false));
}
