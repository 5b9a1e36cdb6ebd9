//! From paths to what is analysed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::{Common, ContextArg};
use super::{Failure, Terminal};
use crate::config::{self, Settings};
use crate::engine::Target;
use crate::fix::Overlay;
use crate::model::ScopeKind;
use crate::model::analysis::Versions;
use crate::model::context::guess;
use crate::model::include::{Files, Lookup, expand};
use crate::source::{FileId, FileKind, FileSystem, Found, MemFs, PassedOver, discover, is_dump, normalise, split_dump};
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
        (None, false) => config::find(fs, Path::new(".")),
    };
    file.map_or_else(|| Ok(Settings::default()), |f| config::read(fs, &f).map_err(|e| Failure(e.to_string())))
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
            std::io::stdin().lock().read_to_end(&mut text).map_err(|e| Failure(format!("standard input: {e}")))?;
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
        let mut reached: Vec<FileId> = Vec::new();
        if self.paths.len() > 1 || !fragments.is_empty() {
            for target in &targets {
                reached.extend(self.reached(files, target));
            }
        }
        fragments.retain(|f| !reached.contains(&f.file));
        self.add_helpers(files, &mut targets, &mut fragments)?;
        targets.extend(fragments);
        Ok(targets)
    }

    /// The files that a target includes.
    fn reached(&self, files: &mut Files<'_>, target: &Target) -> Vec<FileId> {
        let expanded = expand(files, target.file, target.context, &target.lookup);
        expanded.files.into_iter().filter(|f| *f != target.file).collect()
    }

    /// Fragments are analysed inside the roots that reach them: `--root`, `roots`, or those that a
    /// search up to the project's root finds.
    fn add_helpers(
        &self,
        files: &mut Files<'_>,
        targets: &mut Vec<Target>,
        fragments: &mut Vec<Target>,
    ) -> Result<(), Failure> {
        if fragments.is_empty() {
            return Ok(());
        }
        let mut candidates = self.roots.clone();
        if self.search && !self.forced {
            for fragment in fragments.iter() {
                for root in roots_around(files, fragment) {
                    if !candidates.contains(&root) {
                        candidates.push(root);
                    }
                }
            }
        }
        for root in candidates {
            let Ok(file) = files.read(&root) else { continue };
            if targets.iter().any(|t| t.file == file) {
                continue;
            }
            let target = Target { reports: false, ..self.target_of(files, file, self.roots.contains(&root)) };
            if !target.is_root {
                continue;
            }
            let reached = self.reached(files, &target);
            let before = fragments.len();
            fragments.retain(|f| !reached.contains(&f.file));
            if fragments.len() < before || fragments.iter().any(|f| available(files, f).is_some()) {
                targets.push(target);
            }
        }
        self.enable(files, targets, fragments);
        Ok(())
    }

    /// What stands in `sites-available` is linked into `sites-enabled` on the machine, which few
    /// repositories show: each is analysed in the root that would include it there.
    fn enable(&self, files: &mut Files<'_>, targets: &mut Vec<Target>, fragments: &mut Vec<Target>) {
        let roots: Vec<Target> = targets.iter().filter(|t| t.is_root).cloned().collect();
        fragments.retain(|fragment| {
            let Some((folder, path)) = available(files, fragment) else { return true };
            for root in
                roots.iter().filter(|r| folder.starts_with(&r.lookup.root_dir) || r.lookup.root_dir == Path::new("."))
            {
                let lookup = Lookup { enabled: Some((folder.clone(), path.clone())), ..root.lookup.clone() };
                let world = Target { lookup, reports: false, ..root.clone() };
                if self.reached(files, &world).contains(&fragment.file) {
                    targets.push(world);
                    return false;
                }
            }
            true
        });
        // A root that helped nobody is not asked about.
        let helped = |t: &Target| {
            t.reports || t.lookup.enabled.is_some() || !roots.iter().any(|r| r.file == t.file && !r.reports)
        };
        let used: Vec<bool> = targets
            .iter()
            .map(|t| {
                helped(t) || self.reached(files, t).iter().any(|f| self.paths.iter().any(|p| files.find(p) == Some(*f)))
            })
            .collect();
        let mut used = used.into_iter();
        targets.retain(|_| used.next().unwrap_or(true));
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

/// The `sites-enabled` beside the `sites-available` that a fragment stands in, and its path.
fn available(files: &Files<'_>, fragment: &Target) -> Option<(PathBuf, PathBuf)> {
    let path = files.sources.get(fragment.file).path.clone();
    let folder = path.parent().filter(|p| p.file_name().is_some_and(|n| n == "sites-available"))?;
    let enabled = folder.with_file_name("sites-enabled");
    (!fragment.is_root).then_some((enabled, path))
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
    let text = String::from_utf8_lossy(files.sources.get(file).text(comment)).into_owned();
    let words =
        text.trim_start_matches('#').trim().strip_prefix("wslint:")?.trim().strip_prefix("context=")?.to_owned();
    let name = words.split_whitespace().next()?;
    let arg = <ContextArg as clap::ValueEnum>::from_str(name, true).ok()?;
    Some(context(arg))
}

/// Main configurations in the directory of a fragment and the ones around it, up to the project's root.
fn roots_around(files: &mut Files<'_>, fragment: &Target) -> Vec<PathBuf> {
    /// A directory with more files than this is no place where a main configuration hides.
    const MANY: usize = 500;
    let mut out = Vec::new();
    let own = files.sources.get(fragment.file).path.parent().map(Path::to_owned).unwrap_or_default();
    let (Ok(mut real), Ok(project)) = (
        files.fs().canonicalize(if own.as_os_str().is_empty() { Path::new(".") } else { &own }),
        files.fs().canonicalize(&fragment.lookup.project),
    ) else {
        return out;
    };
    let mut folder = own;
    loop {
        let mut names = files.fs().list_dir(&real).unwrap_or_default();
        names.sort();
        let many = names.len() > MANY;
        for name in names {
            let text = name.to_string_lossy().into_owned();
            let main = text == "nginx.conf" || text.starts_with("nginx.conf.");
            if !(main || (!many && text.ends_with(".conf"))) {
                continue;
            }
            let path = normalise(&folder.join(&name));
            let may_be = |bytes: &[u8]| memchr::memmem::find(bytes, b"events").is_some();
            if files.fs().kind(&path).is_ok_and(|k| k == FileKind::File)
                && files.fs().read(&path).is_ok_and(|bytes| main || may_be(&bytes))
            {
                out.push(path);
            }
        }
        if real == project || !real.starts_with(&project) || !real.pop() {
            return out;
        }
        folder.push("..");
    }
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
        (None, Some(text)) => {
            (text, format!("{}: nginx-version", settings.file.as_deref().unwrap_or(Path::new(config::NAME)).display()))
        }
        (None, None) => return Ok((Versions::ALL, None)),
    };
    Versions::parse(text).map(|v| (v, Some(text.clone()))).map_err(|e| Failure(format!("{from}: {e}")))
}
