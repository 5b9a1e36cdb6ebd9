//! What the integration tests share: asking the library about files in memory.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

pub(crate) mod places;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wslint::engine::{Checked, Options, Selection, Target, check};
use wslint::fix::{Wanted, fix};
use wslint::model::analysis::{Analysis, Versions};
use wslint::model::config::context::guess;
use wslint::model::config::include::expand;
use wslint::model::config::lookup::Lookup;
use wslint::model::evidence::Declarations;
use wslint::model::trace::{Trace, trace};
use wslint::model::{OccId, ScopeKind, Url, Value};
use wslint::rules;
use wslint::source::MemFs;
use wslint::syntax::Files;

/// Files by name; `nginx.conf` is the root.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// A tree with one file.
pub(crate) fn single(text: &str) -> Tree {
    BTreeMap::from([("nginx.conf".to_owned(), text.as_bytes().to_vec())])
}

/// The files of a directory, by relative path; `skip` says which names to leave out.
pub(crate) fn read_tree(folder: &Path, skip: &[&str]) -> Tree {
    let mut out = Tree::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap) {
        let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        let skipped = skip.iter().any(|s| name == *s || name.starts_with(&format!("{s}/")));
        if entry.file_type().is_file() && !skipped {
            out.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    out
}

pub(crate) fn mem(tree: &Tree) -> MemFs {
    MemFs::new(tree.iter().map(|(name, bytes)| (PathBuf::from(name), bytes.clone())))
}

/// The root of a tree as a target.
pub(crate) fn target(files: &mut Files<'_>) -> Target {
    target_called(files, "nginx.conf")
}

/// A file as a target.
pub(crate) fn target_called(files: &mut Files<'_>, name: &str) -> Target {
    let file = files.read(Path::new(name)).unwrap();
    let ast = &files.asts[file.0 as usize];
    let found = guess(ast, ast.text(&files.sources.get(file).bytes), name == "nginx.conf", Path::new(name));
    let lookup = Lookup {
        root_dir: ".".into(),
        project: ".".into(),
        map: Vec::new(),
        fragment: !found.is_root,
        enabled: None,
        complete: false,
    };
    let context = if found.is_root { ScopeKind::Main } else { found.context };
    Target {
        file,
        is_root: found.is_root,
        context,
        inferred: !found.is_root,
        lookup,
        reports: true,
        witness: false,
        dump: false,
        named: true,
        page: wslint::engine::Page::None,
    }
}

pub(crate) fn options(version: Option<&str>, url: Option<&str>) -> Options {
    Options {
        versions: version.map_or(Versions::ALL, |v| Versions::parse(v).unwrap()),
        declared: Declarations::default(),
        url: url.map(|u| Url::parse(u).unwrap()),
        selection: Selection::default(),
        rules: rules::Options::default(),
        evidence: None,
        only: Vec::new(),
        severities: Vec::new(),
        baseline: wslint::engine::Baseline::default(),
        describe: true,
        beside: false,
        jobs: 1,
    }
}

/// What wslint says of a URL: the verdict, and why in Debug form.
pub(crate) fn verdict(tree: &Tree, url: &str, version: &str) -> (String, String) {
    traced(tree, url, Some(version), |_, found| {
        (found.verdict.as_str().to_owned(), format!("{:?} {:?}", found.arrival.outcome, found.rejected_because))
    })
}

/// The same in one line, directives by their names and places. Without a version, it is asked for all.
pub(crate) fn told(tree: &Tree, url: &str, version: Option<&str>) -> String {
    traced(tree, url, version, |analysis, found| {
        let config = analysis.config();
        let place = |id: OccId| {
            let (file, span) = (config.sources.get(config.file(id)), config.head(id).span);
            format!(
                "{} {}:{}",
                String::from_utf8_lossy(file.text(config.directive(id).name().span())),
                file.path.display(),
                file.lines().line(span.start) + 1
            )
        };
        let verdict = found.verdict.as_str();
        let why = match &found.rejected_because {
            Some((said, occ)) => format!("{said:?} {}", occ.map(place).unwrap_or_default()),
            None => format!("{:?}", found.arrival.outcome),
        };
        let mut parts = why.split("OccId(");
        let mut line = format!("{verdict} {}", parts.next().unwrap());
        for part in parts {
            let (number, rest) = part.split_once(')').unwrap();
            line += &place(OccId(number.parse().unwrap()));
            line += rest;
        }
        // The path that the backend sees, where it is not the client's.
        let path = found.arrival.upstream_uri.as_ref().and_then(Value::display);
        if let Some(path) = path.filter(|p| !url.contains(p)) {
            line += &format!(" as {path}");
        }
        line.trim_end().to_owned()
    })
}

fn traced<T>(tree: &Tree, url: &str, version: Option<&str>, then: impl FnOnce(&Analysis<'_>, &Trace) -> T) -> T {
    // What the live harness starts is always a root, also where `events` is missing.
    let root = |files: &mut Files<'_>| {
        let root = target(files);
        let lookup = Lookup { fragment: false, ..root.lookup };
        Target { is_root: true, context: ScopeKind::Main, inferred: false, lookup, ..root }
    };
    analysed(tree, root, version, |analysis| then(analysis, &trace(analysis, &Url::parse(url).unwrap())))
}

/// What a trace of a URL says of a file: the verdict, and why in Debug form.
pub(crate) fn told_of(tree: &Tree, name: &str, url: &str) -> String {
    analysed(
        tree,
        |files| target_called(files, name),
        None,
        |analysis| {
            let found = trace(analysis, &Url::parse(url).unwrap());
            format!("{} {:?}", found.verdict.as_str(), found.arrival.outcome)
        },
    )
}

/// What wslint expects nginx of a version to refuse a tree with, in nginx's words.
pub(crate) fn refusals(tree: &Tree, version: &str) -> Vec<String> {
    analysed(tree, target, Some(version), |analysis| analysis.refusals.iter().map(|r| r.text.clone()).collect())
}

/// A target of a tree, analysed; without a version, for all of them.
fn analysed<T>(
    tree: &Tree,
    target: impl FnOnce(&mut Files<'_>) -> Target,
    version: Option<&str>,
    then: impl FnOnce(&Analysis<'_>) -> T,
) -> T {
    let fs = mem(tree);
    let mut files = Files::new(&fs);
    let Target { file, context, lookup, is_root, inferred, .. } = target(&mut files);
    let expanded = expand(&mut files, file, context, &lookup);
    let versions = version.map_or(Versions::ALL, |v| Versions::parse(v).unwrap());
    let declared = Declarations::default();
    then(&Analysis::new(&files.sources, &files.asts, &expanded, is_root, inferred, versions, &declared))
}

/// The findings of a tree.
pub(crate) fn findings(tree: &Tree, options: &Options) -> Vec<wslint::diagnostic::Diagnostic> {
    let fs = mem(tree);
    let mut files = Files::new(&fs);
    let targets = [target(&mut files)];
    let checked: Checked = check(&mut files, &targets, options);
    checked.diagnostics
}

/// The tree after fixing, or what went wrong.
pub(crate) fn fixed(tree: &Tree, options: &Options, unsafe_too: bool) -> Result<Tree, String> {
    let fs = mem(tree);
    let open = |files: &mut Files<'_>| vec![target(files)];
    let outcome = fix(&fs, &open, options, Wanted { unsafe_too }, &|_| true);
    if let Some(failed) = outcome.failed {
        return Err(failed);
    }
    let mut out = tree.clone();
    for (path, patched) in outcome.files {
        out.insert(path.to_string_lossy().into_owned(), patched.text());
    }
    Ok(out)
}

/// A rule's examples: the kind behind ```` ```nginx ````, and the text, made a whole configuration.
pub(crate) fn examples(docs: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in docs.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = info.strip_prefix("nginx ").map(|kind| (kind.to_owned(), String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    out.into_iter()
        .map(|(kind, text)| {
            (kind, if text.contains("events") { text } else { format!("events {{}}\nhttp {{\n{text}}}\n") })
        })
        .collect()
}

/// The ports of the documentation and of the live harness.
pub(crate) fn for_the_harness(text: &str) -> String {
    text.replace("127.0.0.1:3000", "127.0.0.1:9000")
        .replace("127.0.0.1:3001", "127.0.0.1:9000")
        .replace("listen 8080", "listen 127.0.0.1:8080")
        .replace("/var/cache/nginx", "/srv/conf/cache")
}

/// The files of a directory that may be missing.
pub(crate) fn read_tree_if_there(folder: &Path) -> Tree {
    if folder.is_dir() { read_tree(folder, &[]) } else { Tree::new() }
}
