//! The library on WebAssembly, where there is no disk, no clock and no thread: `run.mjs` asks, and compares
//! the answers with what the machine says.
//!
//! A question and an answer are lists of byte strings, each behind its length in four bytes. A question
//! begins with its kind and ends with the files of a tree, names and contents in turn.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../records/said.rs"]
mod said;

use std::cell::RefCell;
use std::path::PathBuf;

use common::Tree;
use wslint::diagnostic::Severity;
use wslint::engine::{Options, Selection};
use wslint::fix::Wanted;
use wslint::i18n::Lang;
use wslint::model::Url;
use wslint::model::analysis::Versions;
use wslint::model::evidence::Evidence;
use wslint::report::{Report, concise};
use wslint::rules::ConnectionMode;
use wslint::source::MemFs;
use wslint::{Asked, Input, Session, SettingsFrom};

thread_local! {
    /// What both sides write into, a question or an answer; a panic leaves its message here.
    static DESK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a question of so many bytes, and says where.
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    std::panic::set_hook(Box::new(|info| leave(info.to_string().into_bytes())));
    leave(vec![0; len]);
    place()
}

/// Answers the question that lies there, and says how long the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> usize {
    let question = DESK.with(RefCell::take);
    leave(packed(&answer(unpacked(&question))));
    length()
}

/// Where the answer, or the message of a panic, begins.
#[unsafe(no_mangle)]
pub extern "C" fn place() -> *mut u8 {
    DESK.with(|desk| desk.borrow_mut().as_mut_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn length() -> usize {
    DESK.with(|desk| desk.borrow().len())
}

fn leave(bytes: Vec<u8>) {
    DESK.with(|desk| desk.replace(bytes));
}

fn unpacked(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk::<4>() {
        let (part, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
        out.push(part.to_vec());
        bytes = rest;
    }
    out
}

fn packed(parts: &[Vec<u8>]) -> Vec<u8> {
    let part = |p: &Vec<u8>| [&u32::try_from(p.len()).unwrap().to_le_bytes()[..], p].concat();
    parts.iter().flat_map(part).collect()
}

fn answer(question: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut parts = question.into_iter();
    let mut word = || String::from_utf8(parts.next().unwrap()).unwrap();
    let kind = word();
    let told = match kind.as_str() {
        "verdicts" => {
            let url = word();
            said::verdicts(&tree(parts), &url)
        }
        "told" => {
            let (url, version) = (word(), word());
            common::told(&tree(parts), &url, Some(&version))
        }
        "everything" => {
            let (kind, url) = (word(), word());
            said::everything(&kind, &tree(parts), &url)
        }
        "check" => {
            let (path, args) = (word(), word());
            return checked(&path, &args, &tree(parts));
        }
        other => panic!("nobody answers {other}"),
    };
    vec![told.into_bytes()]
}

fn tree(parts: impl Iterator<Item = Vec<u8>>) -> Tree {
    let parts: Vec<Vec<u8>> = parts.collect();
    parts.chunks_exact(2).map(|pair| (String::from_utf8(pair[0].clone()).unwrap(), pair[1].clone())).collect()
}

/// What the command does with `--isolated --format concise`, through the front door: the report, then the
/// names and contents of the files that its safe fixes change.
fn checked(path: &str, args: &str, tree: &Tree) -> Vec<Vec<u8>> {
    let disk: MemFs = common::mem(tree);
    let session = Session::new(&disk, &SettingsFrom::Nowhere).unwrap();
    let asked = Asked { inputs: vec![Input::Path(PathBuf::from(path))], alone: true, ..Asked::default() };
    let subject = session.open(&asked).unwrap();
    let (options, advice, lang) = wish(session.options().unwrap(), args);
    let wanted = Wanted { unsafe_too: false };
    let (files, checked) = subject.check(&options).unwrap();
    let advice = advice
        || checked
            .diagnostics
            .iter()
            .any(|d| d.severity == Severity::Advice && options.selection.names(d.rule, d.category));
    let report = Report { sources: &files.sources, checked: &checked, lang, advice, wanted, nginx_version: None };
    let mut out = vec![Vec::new()];
    concise(&report, &mut out[0]).unwrap();
    let fixed = subject.mend(&options, wanted, &|_| true).unwrap();
    assert_eq!(fixed.failed, None);
    for (path, patched) in &fixed.files {
        out.push(path.to_str().unwrap().as_bytes().to_vec());
        out.push(patched.text());
    }
    out
}

/// What `args` of a fixture ask for: the options, whether advice is shown, and the language.
fn wish(mut options: Options, args: &str) -> (Options, bool, Lang) {
    let (mut advice, mut lang) = (false, Lang::En);
    let mut words = args.split_whitespace();
    while let Some((option, value)) = words.next().map(|option| (option, words.next().unwrap())) {
        match (option, value) {
            ("--select", rule) => options.selection = Selection::new(&[rule.to_owned()], &[]).unwrap(),
            ("--nginx-version", version) => options.versions = Versions::parse(version).unwrap(),
            ("--url", url) => options.url = Some(Url::parse(url).unwrap()),
            ("--evidence", "likely") => options.evidence = Some(Evidence::Likely),
            ("--connection", "literal") => options.rules.connection = ConnectionMode::Literal,
            ("--fail-on", "advice") => advice = true,
            ("--lang", "zh-CN") => lang = Lang::Zh,
            other => panic!("no fixture had {other:?} before: teach it to tests/wasm/lib.rs"),
        }
    }
    options.rules.count_advice = !advice && !args.contains("--select");
    options.describe = false;
    (options, advice, lang)
}
