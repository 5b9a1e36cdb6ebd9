//! What becomes of findings behind the rules: merged, suppressed, accepted, fixed in every place or in none.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::path::{Path, PathBuf};

use wslint::diagnostic::{Applicability, Category, Severity};
use wslint::engine::{Baseline, Checked, FileRole, Options, Selection, Target, check};
use wslint::fix::plan;
use wslint::model::ScopeKind;
use wslint::model::config::lookup::Lookup;
use wslint::model::evidence::Evidence;
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

/// Advice is only counted where nobody reads it, unless a comment or a baseline has to find it first.
#[test]
fn advice_that_may_be_taken_back_is_not_only_counted() {
    let lines = "location /ws { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                 proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:3000; }";
    let advice = |more: &str, count: bool, baseline: Baseline| {
        let text = root("").replace("include site.conf;", &format!("{more}\n{lines}"));
        let mut options = common::options(None, None);
        options.selection = Selection::new(&["short-read-timeout".to_owned()], &[]).unwrap();
        (options.rules.count_advice, options.baseline) = (count, baseline);
        together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |files, checked| {
            let told: Vec<_> = checked.diagnostics.iter().map(|d| d.rule).collect();
            let found = Baseline::of(files, "/".into(), &checked.diagnostics);
            ((told, checked.counted.len(), checked.suppressed + checked.baselined), found)
        })
    };
    let (told, found) = advice("", false, Baseline::default());
    assert_eq!(told, (vec!["short-read-timeout"], 0, 0));
    assert_eq!(advice("", true, Baseline::default()).0, (vec![], 1, 0));
    assert_eq!(advice("", true, found).0, (vec![], 0, 1));
    assert_eq!(advice("# wslint: ignore[short-read-timeout] it pings", true, Baseline::default()).0, (vec![], 0, 1));
    // Any comment of ours may be about it.
    let (told, _) = advice("# wslint: websocket", true, Baseline::default());
    assert_eq!(told, (vec!["short-read-timeout"], 0, 0));
}

#[test]
fn a_project_gives_a_rule_a_severity_of_its_own_or_none() {
    let two = "location /ws { proxy_pass http://127.0.0.1:3000; }\nlocation /b/ws { proxy_http_version 1.1; \
               proxy_set_header Upgrade h2c; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:3000; }";
    let text = root("").replace("include site.conf;", two);
    let found = |severities: &[(&str, Option<Severity>)], select: &[&str]| {
        let mut options = common::options(None, None);
        options.severities = severities.iter().map(|(rule, s)| ((*rule).to_owned(), *s)).collect();
        let select: Vec<String> = select.iter().map(|s| (*s).to_owned()).collect();
        options.selection = Selection::new(&select, &[]).unwrap();
        together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |_, checked| {
            checked.diagnostics.iter().map(|d| (d.rule, d.severity)).collect::<Vec<_>>()
        })
    };
    let (bare, wrong) = ("upgrade-not-forwarded", "wrong-upgrade-value");
    assert_eq!(found(&[], &[]), [(bare, Severity::Error), (wrong, Severity::Error)]);
    let warned = found(&[("x", None), (bare, Some(Severity::Warning))], &[]);
    assert_eq!(warned, [(bare, Severity::Warning), (wrong, Severity::Error)]);
    assert_eq!(found(&[(bare, None)], &[]), [(wrong, Severity::Error)]);
    // Who asks for it by its name gets it.
    assert_eq!(found(&[(bare, None)], &[bare]), [(bare, Severity::Error)]);
}

#[test]
fn least_evidence_leaves_out_what_has_less() {
    let two = "location /app { proxy_pass http://127.0.0.1:3000; }\n}\nserver {\nlisten 8081;\nlocation /ws { proxy_pass http://127.0.0.1:3000; }";
    let text = root("").replace("include site.conf;", two);
    let lines = |least: Option<Evidence>| {
        let mut options = common::options(None, None);
        (options.evidence, options.selection) =
            (least, Selection::new(&["upgrade-not-forwarded".to_owned()], &[]).unwrap());
        together(&[("nginx.conf", &text)], &["nginx.conf"], &options, |files, checked| {
            let line = |place: wslint::source::Place| files.sources.get(place.file).lines().line(place.span.start);
            checked.diagnostics.iter().map(|d| line(d.primary.place)).collect::<Vec<_>>()
        })
    };
    assert_eq!(lines(None), [5, 9]);
    assert_eq!(lines(Some(Evidence::None)), [5, 9]);
    assert_eq!(lines(Some(Evidence::Likely)), [9]);
    assert_eq!(lines(Some(Evidence::Configured)), [0; 0]);
}

/// What is mended in a file for one main configuration would be added to another that is right without it.
#[test]
fn a_fix_in_a_file_that_is_right_elsewhere_is_unsafe() {
    let ws = "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;";
    let (bare, right) = (root(""), root(ws));
    let site = SITE.replace("/app", "/ws");
    let fix = |roots: &[(&str, &str)]| {
        let files: Vec<_> = roots.iter().copied().chain([("site.conf", site.as_str())]).collect();
        let names: Vec<&str> = roots.iter().map(|(name, _)| *name).collect();
        together(&files, &names, &common::options(None, None), |_, checked| {
            let found = checked.diagnostics.into_iter().find(|d| d.rule == "upgrade-not-forwarded").unwrap();
            found.fix.map(|f| (f.applicability, f.note.is_some())).unwrap()
        })
    };
    let (safe, hurts) = ((Applicability::Safe, false), (Applicability::Unsafe, true));
    let alone = fix(&[("a.conf", &bare)]);
    assert_eq!(fix(&[("a.conf", &bare), ("b.conf", &bare)]), alone);
    assert_eq!(alone.0, safe.0);
    assert_eq!(fix(&[("a.conf", &bare), ("b.conf", &right)]), hurts);
    assert_eq!(fix(&[("b.conf", &right), ("c.conf", &bare)]), hurts);
}

/// The same where nothing but the shared file is changed.
#[test]
fn a_line_for_a_file_that_is_right_elsewhere_is_unsafe() {
    let site = "location /ws {\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;\n\
                proxy_pass http://127.0.0.1:3000;\n}\n";
    let (bare, right) = (root(""), root("proxy_http_version 1.1;"));
    let fix = |other: &str| {
        let files = [("a.conf", bare.as_str()), ("b.conf", other), ("site.conf", site)];
        together(&files, &["a.conf", "b.conf"], &common::options(Some("1.22.1"), None), |_, checked| {
            let found = checked.diagnostics.into_iter().find(|d| d.rule == "missing-proxy-http-version").unwrap();
            found.fix.unwrap().applicability
        })
    };
    assert_eq!((fix(&bare), fix(&right)), (Applicability::Safe, Applicability::Unsafe));
}

/// One place that fails in many locations is one finding, which shows a few of them, each once.
#[test]
fn a_finding_shows_where_else_it_holds_but_not_everywhere() {
    let labels = |locations: usize, roots: &[&str]| {
        let all: String = (0..locations).map(|at| format!("location /{at}/ws {{\ninclude pass.conf;\n}}\n")).collect();
        let mut files = vec![("pass.conf", "proxy_pass http://127.0.0.1:3000;\n"), ("site.conf", all.as_str())];
        let text = root("");
        files.extend(roots.iter().map(|name| (*name, text.as_str())));
        together(&files, roots, &common::options(None, None), |_, checked| {
            let found: Vec<_> = checked.diagnostics.iter().filter(|d| d.rule == "upgrade-not-forwarded").collect();
            assert_eq!(found.len(), 1);
            let mut places: Vec<_> = found[0].labels.iter().map(|l| l.place).collect();
            let all = places.len();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), all, "each once");
            all
        })
    };
    assert_eq!([1, 2, 4, 6].map(|n| labels(n, &["a.conf"])), [1, 2, 4, 4]);
    assert_eq!(labels(1, &["a.conf", "b.conf"]), 1);
    assert_eq!(labels(3, &["a.conf", "b.conf"]), 3);
}

#[test]
fn a_file_is_called_after_how_it_came_into_the_run() {
    let roles = |name: &str, dump: bool| {
        let server = "server {\nlisten 8080;\ninclude site.conf;\n}\n";
        let tree = Tree::from([
            ("nginx.conf".to_owned(), root("").into_bytes()),
            ("server.conf".to_owned(), server.as_bytes().to_vec()),
            ("site.conf".to_owned(), SITE.as_bytes().to_vec()),
        ]);
        let fs = common::mem(&tree);
        let mut files = Files::new(&fs);
        let target = Target { dump, ..common::target_called(&mut files, name) };
        let checked = check(&mut files, &[target], &common::options(None, None));
        checked.files.iter().map(|(_, role)| *role).collect::<Vec<_>>()
    };
    assert_eq!(roles("nginx.conf", false), [FileRole::Root, FileRole::Included]);
    assert_eq!(roles("server.conf", false), [FileRole::Fragment, FileRole::Included]);
    assert_eq!(roles("nginx.conf", true), [FileRole::Dump; 2]);
}
