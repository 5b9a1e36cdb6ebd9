//! From options to what the project is asked: no analysis, only translation.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::{CarriersArg, Common, ContextArg};
use super::{Failure, Terminal};
use crate::engine::Options;
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::model::{ScopeKind, Url};
use crate::project::{Asked, Input, Session, SettingsFrom};
use crate::report::escaped;
use crate::source::{FileSystem, Found, MAX_FILE, PassedOver, io_text, too_large};
use crate::text;

/// The name of standard input where the user gives none.
const STDIN: &str = "<stdin>";

/// The session in the current directory, with the settings that the options name.
pub(super) fn session<'d>(common: &Common, fs: &'d dyn FileSystem) -> Result<Session<'d>, Failure> {
    let from = match (&common.config, common.isolated) {
        (Some(file), _) => SettingsFrom::File(file.clone()),
        (None, true) => SettingsFrom::Nowhere,
        (None, false) => SettingsFrom::Project,
    };
    Ok(Session::new(fs, &from)?)
}

/// What the paths and options ask about; `-` is read from standard input.
pub(super) fn asked(paths: &[PathBuf], common: &Common) -> Result<Asked, Failure> {
    let mut map = Vec::new();
    for pair in &common.map_path {
        let Some((from, to)) = pair.split_once('=').filter(|(f, t)| !f.is_empty() && !t.is_empty()) else {
            return Err(Failure(text!(
                "--map-path {pair}: expected FROM=TO, as in /etc/nginx=deploy/nginx",
                "--map-path {pair}：格式应为 FROM=TO，例如 /etc/nginx=deploy/nginx"
            )));
        };
        map.push((PathBuf::from(from), PathBuf::from(to)));
    }
    let input = |path: &PathBuf| match path == Path::new("-") {
        true => {
            let name = common.stdin_filename.clone().unwrap_or_else(|| PathBuf::from(STDIN));
            Ok(Input::Text(name, standard_input()?))
        }
        false => Ok(Input::Path(path.clone())),
    };
    Ok(Asked {
        inputs: paths.iter().map(input).collect::<Result<_, Failure>>()?,
        root: common.root.clone(),
        context: common.context.map(context),
        map,
        alone: common.isolated,
        ignored_too: common.no_ignore,
        carriers: common.carriers.map(|which| which == CarriersArg::All),
        also: Vec::new(),
    })
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let failure = |e: std::io::Error| {
        let why = io_text(&e);
        let (en, zh) = (why.en, why.zh);
        Failure(text!("standard input: {en}", "标准输入：{zh}"))
    };
    let mut text = Vec::new();
    std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut text).map_err(failure)?;
    if text.len() as u64 > MAX_FILE {
        return Err(failure(too_large()));
    }
    if text.trim_ascii().is_empty() {
        return Err(Failure(text!(
            "standard input is empty; expected a configuration, or the output of `nginx -T`",
            "标准输入是空的；应当是一份配置，或 `nginx -T` 的输出"
        )));
    }
    Ok(text)
}

/// The settings' options with `--nginx-version` over them, and the version as it was given.
pub(super) fn options(session: &Session<'_>, common: &Common) -> Result<(Options, Option<String>), Failure> {
    match &common.nginx_version {
        None => Ok((session.options()?, session.settings().nginx_version.clone())),
        Some(text) => {
            let versions = Versions::parse(text).map_err(|e| about("--nginx-version", &e.text()))?;
            Ok((Options { versions, ..session.options().unwrap_or_default() }, Some(text.clone())))
        }
    }
}

/// A URL that was given with an option, or without one.
pub(super) fn url(option: &str, text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|e| about(&format!("{option}{text}"), &e.text()))
}

/// A failure, with what was given in front.
fn about(given: &str, why: &Text) -> Failure {
    let (en, zh) = (&why.en, &why.zh);
    Failure(text!("{given}: {en}", "{given}：{zh}"))
}

fn context(arg: ContextArg) -> ScopeKind {
    match arg {
        ContextArg::Main => ScopeKind::Main,
        ContextArg::Http => ScopeKind::Http,
        ContextArg::Server => ScopeKind::Server,
        ContextArg::Location => ScopeKind::Location,
        ContextArg::Upstream => ScopeKind::Upstream,
        ContextArg::Stream => ScopeKind::Stream,
    }
}

/// Says in one line what a walk through directories looked at, and what it passed over and why.
pub(super) fn tell_walk(walked: &Found, terminal: &Terminal) {
    let mut reasons: std::collections::BTreeMap<PassedOver, Vec<String>> = std::collections::BTreeMap::new();
    for (path, reason) in &walked.passed_over {
        reasons.entry(*reason).or_default().push(path.display().to_string());
    }
    if reasons.is_empty() && !terminal.is_terminal {
        return;
    }
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    for (reason, paths) in &reasons {
        let n = paths.len();
        let listed = |comma: &str| {
            let more = if n > 3 { format!("{comma}…") } else { String::new() };
            paths.iter().take(3).cloned().collect::<Vec<_>>().join(comma) + &more
        };
        let why = passed_over(*reason, n);
        en.push(format!("{n} {} ({})", why.en, listed(", ")));
        zh.push(format!("{n} 个{}（{}）", why.zh, listed("、")));
    }
    let looked = walked.files.len();
    let files = if looked == 1 { "1 file".to_owned() } else { format!("{looked} files") };
    let (en, zh) = (en.join("; "), zh.join("；"));
    let line = match reasons.is_empty() {
        true => text!("Looked at {files}.", "检查了 {looked} 个文件。"),
        false => text!("Looked at {files}; skipped {en}.", "检查了 {looked} 个文件；跳过 {zh}。"),
    };
    terminal.note(&escaped(line.get(terminal.lang), true));
}

fn passed_over(reason: PassedOver, n: usize) -> Text {
    let is_one = n == 1;
    match (reason, is_one) {
        (PassedOver::NotNginx, true) => text!("file that is no nginx configuration", "不是 nginx 配置的文件"),
        (PassedOver::NotNginx, false) => text!("files that are no nginx configuration", "不是 nginx 配置的文件"),
        (PassedOver::Excluded, true) => text!("excluded file", "已排除的文件"),
        (PassedOver::Excluded, false) => text!("excluded files", "已排除的文件"),
        (PassedOver::Ignored, true) => text!("file ignored by .gitignore", "被 .gitignore 忽略的文件"),
        (PassedOver::Ignored, false) => text!("files ignored by .gitignore", "被 .gitignore 忽略的文件"),
        (PassedOver::Unreadable, true) => text!("file that cannot be read", "无法读取的文件"),
        (PassedOver::Unreadable, false) => text!("files that cannot be read", "无法读取的文件"),
        (PassedOver::Loop, true) => text!("link into its own directory", "指向自身目录的链接"),
        (PassedOver::Loop, false) => text!("links into their own directory", "指向自身目录的链接"),
        (PassedOver::Dangling, true) => text!("link that leads nowhere", "失效的链接"),
        (PassedOver::Dangling, false) => text!("links that lead nowhere", "失效的链接"),
        (PassedOver::Outside, true) => text!("link out of the project, not opened", "指向项目之外的链接，没有打开"),
        (PassedOver::Outside, false) => text!("links out of the project, not opened", "指向项目之外的链接，没有打开"),
    }
}
