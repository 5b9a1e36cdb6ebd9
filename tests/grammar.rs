//! The grammar, file by file, beside the real nginx.
//!
//! `grammar-fixtures/{lexer,syntax}/ok/*.conf` have no error and pass `nginx -t`;
//! `…/err/*.conf` have the errors of their `.expected`, one `line:col: kind` each, and nginx's
//! tokeniser refuses them at the line of the first. `lexer/lua-ok` and `lexer/lua-err` are not put
//! to nginx: nginx-light has no Lua. `UPDATE_FIXTURES=1 cargo test --test grammar` writes
//! `.expected` anew.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod real_nginx;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use real_nginx::{Nginx, updating};
use wslint::source::LineIndex;
use wslint::syntax::{SyntaxError, SyntaxErrorKind as Kind, parse, tokens};

/// How nginx's tokeniser and block structure refuse a file.
const TOKENISER: &[&str] = &["[emerg] unexpected \"", "[emerg] unexpected end of file", "[emerg] too long parameter"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    Ok,
    Err,
}

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures");
    let nginx = Nginx::find();
    let mut trials = vec![Trial::test("nginx_is_there", {
        let found = nginx.clone();
        move || found.map(|_| ()).map_err(Failed::from)
    })];
    for (folder, nature, is_nginx) in [
        ("lexer/ok", Nature::Ok, true),
        ("lexer/err", Nature::Err, true),
        ("lexer/lua-ok", Nature::Ok, false),
        ("lexer/lua-err", Nature::Err, false),
        ("syntax/ok", Nature::Ok, true),
        ("syntax/err", Nature::Err, true),
    ] {
        for path in configurations(&root.join(folder)) {
            let name = format!("{folder}/{}", path.file_stem().unwrap().to_string_lossy());
            let nginx = nginx.clone().ok().filter(|_| is_nginx);
            trials.push(Trial::test(name, move || fixture(&path, nature, nginx.as_ref())));
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

fn configurations(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut out: Vec<PathBuf> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "conf")).collect();
    out.sort();
    out
}

fn fixture(path: &Path, nature: Nature, nginx: Option<&Nginx>) -> Result<(), Failed> {
    let bytes = std::fs::read(path)?;
    tokens_tile(&bytes)?;
    let errors = parse(&bytes).errors;
    let lines = LineIndex::new(&bytes);
    let found: String = errors.iter().map(|e| format!("{}\n", line_of(e, &lines, &bytes))).collect();
    match nature {
        Nature::Ok if errors.is_empty() => {}
        Nature::Ok => return Err(format!("it has errors:\n{found}").into()),
        Nature::Err => {
            let expected = path.with_extension("expected");
            if updating() {
                std::fs::write(&expected, &found)?;
            }
            let wanted = std::fs::read_to_string(&expected).map_err(|e| format!("{}: {e}", expected.display()))?;
            if wanted.is_empty() || wanted != found {
                return Err(format!("expected\n{wanted}found\n{found}").into());
            }
        }
    }
    match nginx {
        Some(nginx) => beside_nginx(nginx, &bytes, nature, errors.first().map(|e| first_line(e, &lines))),
        None => Ok(()),
    }
}

fn tokens_tile(bytes: &[u8]) -> Result<(), Failed> {
    let mut at = 0;
    let mut all = Vec::new();
    tokens(bytes, |token| all.push(token));
    for token in all {
        let span = token.span();
        if span.start as usize != at || span.is_empty() {
            return Err(format!("a token of {} bytes at {}, after {at}", span.len(), span.start).into());
        }
        at = span.end as usize;
    }
    if at == bytes.len() { Ok(()) } else { Err(format!("tokens end at {at} of {}", bytes.len()).into()) }
}

fn beside_nginx(nginx: &Nginx, bytes: &[u8], nature: Nature, first: Option<usize>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?;
    std::fs::write(root.join("nginx.conf"), bytes)?;
    match (nginx.test(&root), nature) {
        (Ok(()), Nature::Ok) => Ok(()),
        (Ok(()), Nature::Err) => Err("nginx accepts it".into()),
        (Err(said), Nature::Ok) => Err(format!("nginx refuses it: {said}").into()),
        (Err(said), Nature::Err) if !TOKENISER.iter().any(|t| said.starts_with(t)) => {
            Err(format!("nginx refuses its meaning, not its grammar: {said}").into())
        }
        (Err(said), Nature::Err) => {
            let line = first.map(|line| format!(" in /srv/conf/nginx.conf:{line}"));
            let started = first.map(|line| format!(" started in /srv/conf/nginx.conf:{line}"));
            let agrees = [line, started].into_iter().flatten().any(|end| said.ends_with(&end));
            if agrees { Ok(()) } else { Err(format!("nginx sees it elsewhere: {said}").into()) }
        }
    }
}

/// The line, from 1, that nginx names for an error.
fn first_line(error: &SyntaxError, lines: &LineIndex) -> usize {
    1 + lines.line(error.span.start)
}

fn line_of(error: &SyntaxError, lines: &LineIndex, bytes: &[u8]) -> String {
    let (line, column) = lines.line_column(error.span.start, bytes);
    format!("{line}:{column}: {}", kind(error.kind))
}

fn kind(kind: Kind) -> String {
    let byte = |b: u8| b.escape_ascii().to_string();
    match kind {
        Kind::NothingBefore(b) => format!("nothing before {}", byte(b)),
        Kind::CloseInDirective => "} in a directive".to_owned(),
        Kind::CloseWithoutOpen => "} without {".to_owned(),
        Kind::AfterQuote(b) => format!("behind a quote: {}", byte(b)),
        Kind::UnclosedQuote => "unclosed quote".to_owned(),
        Kind::EndInDirective => "end of file in a directive".to_owned(),
        Kind::EndInBlock => "end of file in a block".to_owned(),
        Kind::EndInLua => "end of file in Lua".to_owned(),
        Kind::TooLong => "too long".to_owned(),
    }
}
