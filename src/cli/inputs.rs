//! From paths to what is analysed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::{Common, ContextArg};
use super::{Failure, Terminal, roots};
use crate::engine::Target;
use crate::fix::Overlay;
use crate::model::ScopeKind;
use crate::model::analysis::Versions;
use crate::model::config::context::guess;
use crate::model::config::lookup::Lookup;
use crate::settings::{self, Settings};
use crate::source::{
    FileId, FileKind, FileSystem, Found, MAX_FILE, MemFs, PassedOver, discover, is_dump, normalise, split_dump,
    too_large,
};
use crate::syntax::Files;
use crate::syntax::pragma::Pragma;
use crate::text;

/// The name of standard input where the user gives none.
const STDIN: &str = "<stdin>";

/// Within so many bytes, a dump says that it is one.
const HEAD: usize = 64 * 1024;

/// What the paths on the command line came to.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Files that findings are reported for.
    paths: Vec<PathBuf>,
    /// As they were given, for the command that a summary suggests.
    given: Vec<String>,
    /// Text from standard input, under its name.
    stdin: Option<(PathBuf, Vec<u8>)>,
    /// The files of an `nginx -T` dump: all the world there is.
    dump: Option<MemFs>,
    /// What a walk through directories found; none without a directory.
    walked: Option<Found>,
    /// Main configurations to analyse with.
    roots: Vec<PathBuf>,
    /// `--root`: it is one, whatever stands in it.
    forced: bool,
    /// Whether roots of fragments are sought around them.
    search: bool,
    context: Option<ScopeKind>,
    map: Vec<(PathBuf, PathBuf, bool)>,
}

/// The settings that count: `--config`, else the project's, else none.
///
/// # Errors
/// A file that is not there or cannot be used.
pub(super) fn settings(common: &Common, fs: &dyn FileSystem) -> Result<Settings, Failure> {
    let file = match (&common.config, common.isolated) {
        (Some(file), _) => Some(normalise(file)),
        (None, true) => None,
        (None, false) => settings::find(fs, Path::new(".")),
    };
    file.map_or_else(|| Ok(Settings::default()), |f| settings::read(fs, &f).map_err(|e| Failure(e.text())))
}

impl Inputs {
    /// Reads the options and looks at the paths.
    ///
    /// # Errors
    /// A path that is not there, a directory without a configuration, a bad option.
    pub(super) fn new(
        paths: &[PathBuf],
        common: &Common,
        settings: &Settings,
        fs: &dyn FileSystem,
    ) -> Result<Inputs, Failure> {
        let mut out = Inputs { search: !common.isolated, context: common.context.map(context), ..Inputs::default() };
        for pair in &common.map_path {
            let Some((from, to)) = pair.split_once('=').filter(|(f, t)| !f.is_empty() && !t.is_empty()) else {
                return Err(Failure(format!("--map-path {pair}: expected FROM=TO, as in /etc/nginx=deploy/nginx")));
            };
            out.map.push((normalise(Path::new(from)), normalise(Path::new(to)), true));
        }
        out.map.extend(settings.paths.iter().map(|(from, to)| (from.clone(), to.clone(), false)));
        for root in common.root.iter().chain(&settings.roots) {
            require_file(fs, root)?;
        }
        match &common.root {
            Some(root) => {
                out.roots.push(normalise(root));
                out.forced = true;
            }
            None => out.roots.clone_from(&settings.roots),
        }
        let here = [PathBuf::from(".")];
        let default: &[PathBuf] = if out.roots.is_empty() || out.forced { &here } else { &settings.roots };
        for path in if paths.is_empty() { default } else { paths } {
            out.add(path, common, settings, fs)?;
        }
        Ok(out)
    }

    fn add(&mut self, path: &Path, common: &Common, settings: &Settings, fs: &dyn FileSystem) -> Result<(), Failure> {
        if path == Path::new("-") {
            let name = normalise(&common.stdin_filename.clone().unwrap_or_else(|| PathBuf::from(STDIN)));
            let mut text = Vec::new();
            let failure = |e: std::io::Error| Failure(format!("standard input: {e}"));
            std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut text).map_err(failure)?;
            if text.len() as u64 > MAX_FILE {
                return Err(failure(too_large()));
            }
            self.given.push("-".to_owned());
            if is_dump(&text) {
                return self.take_dump(&text);
            }
            self.paths.push(name.clone());
            self.stdin = Some((name, text));
            return Ok(());
        }
        let path = normalise(path);
        self.given.push(path.display().to_string());
        match fs.kind(&path) {
            Ok(FileKind::File) => {
                let failure = |e: std::io::Error| Failure(format!("{}: {e}", path.display()));
                if is_dump(&fs.head(&path, HEAD).map_err(failure)?) {
                    return self.take_dump(&fs.read(&path).map_err(failure)?);
                }
                self.paths.push(path);
            }
            Ok(FileKind::Directory) => {
                let found = discover(&path, &settings.exclude, &settings.folder());
                if found.files.is_empty() {
                    return Err(Failure(nothing_in(&path, &found)));
                }
                self.paths.extend(found.files.iter().cloned());
                let walked = self.walked.get_or_insert_default();
                walked.files.extend(found.files);
                walked.passed_over.extend(found.passed_over);
            }
            Ok(FileKind::Other) => return Err(Failure(format!("{}: neither a file nor a directory", path.display()))),
            Err(e) => return Err(Failure(format!("{}: {e}", path.display()))),
        }
        Ok(())
    }

    /// The files of a dump stand for the disk of the machine that it comes from.
    fn take_dump(&mut self, text: &[u8]) -> Result<(), Failure> {
        let files = split_dump(text);
        if !self.paths.is_empty() || self.dump.is_some() {
            return Err(Failure("an `nginx -T` dump is a world of its own: give it alone".to_owned()));
        }
        self.paths.extend(files.first().map(|(path, _)| path.clone()));
        self.dump = Some(MemFs::new(files.into_iter().rev()));
        self.search = false;
        self.forced = false;
        self.roots.clear();
        // Every path is what it says; nothing is outside.
        self.map = vec![(PathBuf::from("/"), PathBuf::from("/"), true)];
        Ok(())
    }

    /// The file system with standard input in it, or the world of a dump.
    pub(super) fn overlay<'f>(&'f self, fs: &'f dyn FileSystem) -> Overlay<'f> {
        let files: BTreeMap<PathBuf, Vec<u8>> = self.stdin.iter().cloned().collect();
        match &self.dump {
            Some(dump) => Overlay::new(dump, files),
            None => Overlay::new(fs, files),
        }
    }

    /// How many files were given or found.
    pub(super) fn count(&self) -> usize {
        self.paths.len()
    }

    /// Whether standard input is among the inputs.
    pub(super) fn reads_stdin(&self) -> bool {
        self.stdin.is_some()
    }

    /// Whether the input is an `nginx -T` dump.
    pub(super) fn is_dump(&self) -> bool {
        self.dump.is_some()
    }

    /// The paths as they were given, for the command that a summary suggests.
    pub(super) fn shown(&self) -> String {
        self.given.join(" ")
    }

    /// Files that findings are reported for, where others are read to understand them.
    pub(super) fn only(&self) -> Vec<PathBuf> {
        self.paths.clone()
    }

    /// Says in one line what a walk through directories looked at, and what it passed over and why.
    pub(super) fn tell_walk(&self, terminal: &Terminal) {
        let Some(walked) = &self.walked else { return };
        let mut reasons: BTreeMap<PassedOver, Vec<String>> = BTreeMap::new();
        for (path, reason) in &walked.passed_over {
            reasons.entry(*reason).or_default().push(path.display().to_string());
        }
        if reasons.is_empty() && !terminal.is_terminal {
            return;
        }
        let (mut en, mut zh) = (Vec::new(), Vec::new());
        for (reason, paths) in &reasons {
            let n = paths.len();
            let mut shown = paths.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            if n > 3 {
                shown.push_str(", …");
            }
            let why = match reason {
                PassedOver::NotNginx => text!("no nginx configuration", "不是 nginx 配置"),
                PassedOver::Excluded => text!("excluded", "已排除"),
                PassedOver::Unreadable => text!("not readable", "无法读取"),
                PassedOver::Loop => text!("a link into its own directory", "指向自身目录的链接"),
                PassedOver::Dangling => text!("a link that leads nowhere", "失效的链接"),
            };
            en.push(format!("{n} {} ({shown})", why.en));
            zh.push(format!("{n} 个{}({shown})", why.zh));
        }
        let looked = walked.files.len();
        let files = if looked == 1 { "1 file".to_owned() } else { format!("{looked} files") };
        let (en, zh) = (en.join("; "), zh.join(";"));
        let line = match reasons.is_empty() {
            true => text!("Looked at {files}.", "检查了 {looked} 个文件。"),
            false => text!("Looked at {files}; passed over {en}.", "检查了 {looked} 个文件;跳过 {zh}。"),
        };
        terminal.note(&crate::report::escaped(line.get(terminal.lang), true));
    }

    /// Reads the files and says what each is.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(&self, files: &mut Files<'_>) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        let mut fragments = Vec::new();
        for path in &self.paths {
            let file = read(files, path)?;
            let forced = self.forced && self.roots.contains(path);
            let target = self.target_of(files, file, forced || self.dump.is_some());
            if targets.iter().any(|t: &Target| t.file == file) {
                continue;
            }
            if target.is_root { targets.push(target) } else { fragments.push(target) }
        }
        if self.paths.len() > 1 {
            for target in &targets {
                let reached = roots::reached(files, target);
                fragments.retain(|f| !reached.contains(&f.file));
            }
        }
        if !fragments.is_empty() {
            let candidates = self.candidates(files, &targets, &fragments);
            roots::adopt(files, &mut targets, &mut fragments, candidates);
        }
        targets.extend(fragments);
        Ok(targets)
    }

    /// Roots that fragments may belong to: `--root`, `roots`, or those that a search around them finds.
    fn candidates(&self, files: &mut Files<'_>, targets: &[Target], fragments: &[Target]) -> Vec<Target> {
        let mut paths = self.roots.clone();
        if self.search && !self.forced {
            paths.extend(roots::around(files, fragments));
        }
        let mut out: Vec<Target> = Vec::new();
        for path in paths {
            let Ok(file) = files.read(&path) else { continue };
            let target = Target { reports: false, ..self.target_of(files, file, self.roots.contains(&path)) };
            if target.is_root && !targets.iter().chain(&out).any(|t| t.file == file) {
                out.push(target);
            }
        }
        out
    }

    fn target_of(&self, files: &Files<'_>, file: FileId, forced: bool) -> Target {
        let source = files.sources.get(file);
        let ast = &files.asts[file.0 as usize];
        let named = forced || source.path.file_name().is_some_and(|n| n == "nginx.conf");
        let found = guess(ast, ast.text(&source.bytes), named);
        let is_root = found.is_root || forced;
        let (context, inferred) = match self.context.or_else(|| stated_context(files, file)) {
            _ if is_root => (ScopeKind::Main, false),
            Some(context) => (context, false),
            None => (found.context, true),
        };
        let parent = source
            .path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .map_or_else(|| PathBuf::from("."), Path::to_owned);
        let project = if self.dump.is_some() { PathBuf::from("/") } else { project_of(files.fs(), &parent) };
        let lookup = Lookup { root_dir: parent, project, map: self.map.clone(), fragment: !is_root, enabled: None };
        Target { file, is_root, context, inferred, lookup, reports: true, dump: self.dump.is_some() }
    }
}

fn nothing_in(path: &Path, found: &Found) -> String {
    let hint = match found.passed_over.first() {
        Some((first, PassedOver::NotNginx)) => {
            format!(" ({} has the name of one and no directive of nginx)", first.display())
        }
        _ => String::new(),
    };
    format!("{}: no nginx configuration found in this directory{hint}; name the file", path.display())
}

/// `# wslint: context=server` in the first comment of a fragment.
fn stated_context(files: &Files<'_>, file: FileId) -> Option<ScopeKind> {
    let comment = *files.asts[file.0 as usize].comments.first()?;
    let Some(Pragma::Context(name)) = Pragma::read(&String::from_utf8_lossy(files.sources.get(file).text(comment)))
    else {
        return None;
    };
    let arg = <ContextArg as clap::ValueEnum>::from_str(name, true).ok()?;
    Some(context(arg))
}

fn read(files: &mut Files<'_>, path: &Path) -> Result<FileId, Failure> {
    files.read(path).map_err(|e| Failure(format!("{}: {e}", path.display())))
}

fn require_file(fs: &dyn FileSystem, path: &Path) -> Result<(), Failure> {
    match fs.kind(path) {
        Ok(FileKind::File) => Ok(()),
        Ok(_) => Err(Failure(format!("{}: expected a main configuration, this is no file", path.display()))),
        Err(e) => Err(Failure(format!("{}: {e}", path.display()))),
    }
}

/// The project around a directory: the nearest with `.git` or `wslint.toml`, else the directory.
pub(super) fn project_of(fs: &dyn FileSystem, folder: &Path) -> PathBuf {
    let Ok(start) = fs.canonicalize(folder) else { return folder.to_owned() };
    let mut at = start.as_path();
    loop {
        if [".git", "wslint.toml"].iter().any(|n| fs.kind(&at.join(n)).is_ok()) {
            return at.to_owned();
        }
        match at.parent() {
            Some(parent) => at = parent,
            None => return start.clone(),
        }
    }
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

/// The versions that `--nginx-version` or `wslint.toml` names, and the text that named them.
///
/// # Errors
/// What was expected.
pub(super) fn versions(common: &Common, settings: &Settings) -> Result<(Versions, Option<String>), Failure> {
    let (text, from) = match (&common.nginx_version, &settings.nginx_version) {
        (Some(text), _) => (text, "--nginx-version".to_owned()),
        (None, Some(text)) => (
            text,
            format!("{}: nginx-version", settings.file.as_deref().unwrap_or(Path::new(settings::NAME)).display()),
        ),
        (None, None) => return Ok((Versions::ALL, None)),
    };
    Versions::parse(text).map(|v| (v, Some(text.clone()))).map_err(|e| Failure(e.text().behind(&format!("{from}: "))))
}
