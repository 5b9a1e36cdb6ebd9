//! From paths to what is analysed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Failure;
use super::args::{Common, ContextArg};
use crate::engine::Target;
use crate::fix::Overlay;
use crate::model::ScopeKind;
use crate::model::analysis::Versions;
use crate::model::context::guess;
use crate::model::include::{Files, Lookup};
use crate::source::{FileKind, FileSystem, discover, normalise};

/// The name of standard input where the user gives none.
const STDIN: &str = "<stdin>";

/// What the paths on the command line came to.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    /// Files to analyse, each by itself.
    paths: Vec<PathBuf>,
    /// Text from standard input, under its name.
    stdin: Option<(PathBuf, Vec<u8>)>,
    /// Whether each path may be passed over where another one includes it: those found in a directory.
    discovered: bool,
    root: Option<PathBuf>,
    context: Option<ScopeKind>,
    map: Vec<(PathBuf, PathBuf, bool)>,
}

impl Inputs {
    /// Reads the options and looks at the paths.
    ///
    /// # Errors
    /// A path that is not there, a directory without a configuration, a bad option.
    pub(super) fn new(paths: &[PathBuf], common: &Common, fs: &dyn FileSystem) -> Result<Inputs, Failure> {
        let mut out = Inputs {
            paths: Vec::new(),
            stdin: None,
            discovered: false,
            root: None,
            context: common.context.map(context),
            map: Vec::new(),
        };
        for pair in &common.map_path {
            let Some((from, to)) = pair.split_once('=').filter(|(f, t)| !f.is_empty() && !t.is_empty()) else {
                return Err(Failure(format!("--map-path {pair}: expected FROM=TO, as in /etc/nginx=deploy/nginx")));
            };
            out.map.push((normalise(Path::new(from)), normalise(Path::new(to)), true));
        }
        if let Some(root) = &common.root {
            require_file(fs, root)?;
            out.root = Some(normalise(root));
        }
        let here = [PathBuf::from(".")];
        for path in if paths.is_empty() { &here } else { paths } {
            out.add(path, common, fs)?;
        }
        Ok(out)
    }

    fn add(&mut self, path: &Path, common: &Common, fs: &dyn FileSystem) -> Result<(), Failure> {
        if path == Path::new("-") {
            let name = common.stdin_filename.clone().unwrap_or_else(|| PathBuf::from(STDIN));
            let mut text = Vec::new();
            std::io::stdin().lock().read_to_end(&mut text).map_err(|e| Failure(format!("standard input: {e}")))?;
            let name = normalise(&name);
            self.paths.push(name.clone());
            self.stdin = Some((name, text));
            return Ok(());
        }
        let path = normalise(path);
        match fs.kind(&path) {
            Ok(FileKind::File) => self.paths.push(path),
            Ok(FileKind::Directory) => {
                let found = discover(&path);
                if found.is_empty() {
                    return Err(Failure(format!(
                        "{}: no nginx configuration found in this directory; name the file",
                        path.display()
                    )));
                }
                self.discovered = true;
                self.paths.extend(found);
            }
            Ok(FileKind::Other) => return Err(Failure(format!("{}: neither a file nor a directory", path.display()))),
            Err(e) => return Err(Failure(format!("{}: {e}", path.display()))),
        }
        Ok(())
    }

    /// The file system with standard input in it.
    pub(super) fn overlay<'f>(&self, fs: &'f dyn FileSystem) -> Overlay<'f> {
        let files: BTreeMap<PathBuf, Vec<u8>> = self.stdin.iter().cloned().collect();
        Overlay::new(fs, files)
    }

    /// Whether standard input is among the inputs.
    pub(super) fn reads_stdin(&self) -> bool {
        self.stdin.is_some()
    }

    /// The paths as they were given, for the command that a summary suggests.
    pub(super) fn shown(&self) -> String {
        if self.stdin.is_some() {
            return "-".to_owned();
        }
        let mut shown: Vec<String> = self.paths.iter().take(3).map(|p| p.display().to_string()).collect();
        if self.paths.len() > 3 {
            shown = vec![".".to_owned()];
        }
        shown.join(" ")
    }

    /// Files that findings are reported for; empty is all.
    pub(super) fn only(&self) -> Vec<PathBuf> {
        if self.root.is_some() { self.paths.clone() } else { Vec::new() }
    }

    /// Reads the files and says what each is.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(&self, files: &mut Files<'_>) -> Result<Vec<Target>, Failure> {
        let mut targets = Vec::new();
        if let Some(root) = &self.root {
            let file = read(files, root)?;
            targets.push(self.target(files, file, true, ScopeKind::Main, false));
            let reached: Vec<PathBuf> = {
                let expanded = crate::model::include::expand(files, file, ScopeKind::Main, &targets[0].lookup);
                expanded.files.iter().map(|f| files.sources.get(*f).path.clone()).collect()
            };
            let missing: Vec<PathBuf> = self.paths.iter().filter(|p| !reached.contains(p)).cloned().collect();
            targets.extend(self.each(files, &missing)?);
            return Ok(targets);
        }
        self.each(files, &self.paths)
    }

    fn each(&self, files: &mut Files<'_>, paths: &[PathBuf]) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        for path in paths {
            let file = read(files, path)?;
            let named = path.file_name().is_some_and(|n| n == "nginx.conf");
            let found = { let ast = &files.asts[file.0 as usize]; guess(ast, ast.text(&files.sources.get(file).bytes), named) };
            let (context, inferred) = match self.context {
                Some(context) if !found.is_root => (context, false),
                _ => (found.context, !found.is_root),
            };
            targets.push(self.target(files, file, found.is_root, context, inferred));
        }
        if self.discovered {
            // What a root includes is analysed in it; the rest by itself.
            let mut reached = Vec::new();
            for target in targets.iter().filter(|t| t.is_root) {
                let expanded = crate::model::include::expand(files, target.file, target.context, &target.lookup);
                reached.extend(expanded.files.into_iter().filter(|f| *f != target.file));
            }
            targets.retain(|t| t.is_root || !reached.contains(&t.file));
        }
        Ok(targets)
    }

    fn target(
        &self,
        files: &Files<'_>,
        file: crate::source::FileId,
        is_root: bool,
        context: ScopeKind,
        inferred: bool,
    ) -> Target {
        let path = &files.sources.get(file).path;
        let parent =
            path.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned);
        let project = project_of(files.fs(), &parent);
        let lookup = Lookup { root_dir: parent, project, map: self.map.clone(), fragment: !is_root };
        Target { file, is_root, context, inferred, lookup }
    }
}

fn read(files: &mut Files<'_>, path: &Path) -> Result<crate::source::FileId, Failure> {
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
fn project_of(fs: &dyn FileSystem, folder: &Path) -> PathBuf {
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

/// The versions that `--nginx-version` names.
///
/// # Errors
/// What was expected.
pub(super) fn versions(common: &Common) -> Result<Versions, Failure> {
    match &common.nginx_version {
        None => Ok(Versions::ALL),
        Some(text) => Versions::parse(text).map_err(|e| Failure(format!("--nginx-version: {e}"))),
    }
}
