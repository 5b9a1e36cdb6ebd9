//! From paths to what is analysed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Problem, carried, roots};
use crate::catalog::{Name, name};
use crate::engine::{Page, Target};
use crate::model::ScopeKind;
use crate::model::config::context::{guess, top_names};
use crate::model::config::lookup::{Lookup, WELL_KNOWN, main_file_for, well_known};
use crate::settings::Settings;
use crate::source::{
    Bounds, Carrier, FileId, FileKind, FileSystem, Found, LeaveOut, MemFs, Overlay, PassedOver, discover, is_dump,
    is_nginx, normalise, split_dump,
};
use crate::syntax::pragma::Pragma;
use crate::syntax::{Files, parse_template};

/// Within so many bytes, a dump says that it is one.
const HEAD: usize = 64 * 1024;

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file or a directory.
    Path(PathBuf),
    /// Text that stands for a file of this name: standard input.
    Text(PathBuf, Vec<u8>),
}

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What to look at; nothing stands for the roots of the settings, else for the directory in which
    /// relative paths begin.
    pub inputs: Vec<Input>,
    /// A main configuration to analyse with, whatever stands in it.
    pub root: Option<PathBuf>,
    /// The context in which fragments are included; else it is inferred.
    pub context: Option<ScopeKind>,
    /// Absolute prefixes of includes that are read from elsewhere, also outside the project.
    pub map: Vec<(PathBuf, PathBuf)>,
    /// No search for roots around fragments.
    pub alone: bool,
    /// Also what `.gitignore` files name.
    pub ignored_too: bool,
    /// Whether configurations inside other files are read; else as the settings say, else they are.
    pub carriers: Option<bool>,
    /// Files that are looked at as well, whether or not a walk finds them: those that are open in an editor.
    pub also: Vec<PathBuf>,
}

/// What the inputs came to.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Files that findings are reported for.
    pub paths: Vec<PathBuf>,
    /// Text that is no file, under its name.
    pub text: Option<PathBuf>,
    /// The files are those of an `nginx -T` dump: all the world there is.
    pub is_dump: bool,
    /// Dumps that lie in directories, each a world of its own: its main file, and the directory that
    /// stands for `/` in it, which is the dump's own path.
    worlds: Vec<(PathBuf, PathBuf)>,
    /// The files that somebody named.
    named: HashSet<PathBuf>,
    /// Files that hold configurations, and how.
    pub carriers: Vec<(PathBuf, Carrier)>,
    /// What a walk through directories found; none without a directory.
    pub walked: Option<Found>,
    /// Main configurations to analyse with.
    roots: Vec<PathBuf>,
    /// `--root`: it is one, whatever stands in it.
    forced: bool,
    /// Whether roots of fragments are sought around them.
    search: bool,
    context: Option<ScopeKind>,
    map: Vec<(PathBuf, PathBuf, bool)>,
}

/// Inputs, and the files that are not as on the disk: a dump's own world, or texts by name.
pub(super) struct Gathered {
    pub inputs: Inputs,
    pub dump: Option<MemFs>,
    pub texts: BTreeMap<PathBuf, Vec<u8>>,
}

/// Looks at everything that is asked about.
///
/// # Errors
/// A path that is not there, a directory without a configuration, a main configuration that is none.
pub(super) fn gather(fs: &Overlay<'_>, settings: &Settings, asked: &Asked) -> Result<Gathered, Problem> {
    let inputs = Inputs { search: !asked.alone, context: asked.context, ..Inputs::default() };
    let mut out = Gathered { inputs, dump: None, texts: BTreeMap::new() };
    let map = asked.map.iter().map(|(from, to)| (normalise(from), normalise(to), true));
    out.inputs.map = map.chain(settings.paths.iter().map(|(from, to)| (from.clone(), to.clone(), false))).collect();
    for root in asked.root.iter().chain(&settings.roots) {
        require_file(fs, root)?;
    }
    match &asked.root {
        Some(root) => {
            out.inputs.roots.push(normalise(root));
            out.inputs.forced = true;
        }
        None => out.inputs.roots.clone_from(&settings.roots),
    }
    let into = asked.carriers.or(settings.carriers).unwrap_or(true);
    let here = || vec![Input::Path(PathBuf::from("."))];
    let default = match out.inputs.roots.is_empty() || out.inputs.forced {
        true => here(),
        false => settings.roots.iter().cloned().map(Input::Path).collect(),
    };
    for input in if asked.inputs.is_empty() { &default } else { &asked.inputs } {
        match input {
            Input::Text(name, text) => out.take_text(normalise(name), text, into)?,
            Input::Path(path) => match out.take_path(&normalise(path), asked, settings, fs, into) {
                Err(Problem::NothingIn(..) | Problem::NothingCarried(_)) if !asked.also.is_empty() => {}
                taken => taken?,
            },
        }
    }
    for path in asked.also.iter().map(|p| normalise(p)) {
        if out.inputs.paths.contains(&path) {
            continue;
        }
        // Who has a page open that holds no configuration need not be told so.
        let bytes = fs.read(&path).unwrap_or_default();
        if into && matches!(out.take_carrier(&path, &bytes), Err(Problem::NothingCarried(_))) {
            continue;
        }
        out.inputs.named.insert(path.clone());
        out.inputs.paths.push(path);
    }
    Ok(out)
}

impl Gathered {
    fn take_text(&mut self, name: PathBuf, text: &[u8], into: bool) -> Result<(), Problem> {
        if is_dump(text) {
            return self.take_dump(text);
        }
        self.inputs.paths.push(name.clone());
        self.inputs.named.insert(name.clone());
        if into {
            self.take_carrier(&name, text)?;
        }
        self.inputs.text = Some(name.clone());
        self.texts.insert(name, text.to_vec());
        Ok(())
    }

    fn take_path(
        &mut self,
        path: &Path,
        asked: &Asked,
        settings: &Settings,
        fs: &dyn FileSystem,
        into: bool,
    ) -> Result<(), Problem> {
        let failure = |e: std::io::Error| Problem::Io(path.to_owned(), e);
        match fs.kind(path).map_err(failure)? {
            FileKind::File => {
                let head = fs.head(path, HEAD).map_err(failure)?;
                if is_dump(&head) {
                    return self.take_dump(&fs.read(path).map_err(failure)?);
                }
                // Hardly any file is one, and a large one is not read twice for that.
                match carrier_of(path, &head) {
                    Some(_) if into => self.take_carrier(path, &fs.read(path).map_err(failure)?)?,
                    None if Carrier::is_foreign(path, &head) && !is_nginx(&head, false) => {
                        return Err(Problem::NothingCarried(path.to_owned()));
                    }
                    _ => {}
                }
                self.inputs.paths.push(path.to_owned());
                // Roots that nobody but `wslint.toml` names are what a gate looks at.
                if !asked.inputs.is_empty() {
                    self.inputs.named.insert(path.to_owned());
                }
            }
            FileKind::Directory => {
                let base = settings.folder();
                let leave_out =
                    LeaveOut { exclude: &settings.exclude, base: &base, ignored: !asked.ignored_too, carriers: into };
                let mut found = discover(fs, path, leave_out);
                for dump in &found.dumps {
                    self.take_world(dump, &fs.read(dump).map_err(failure)?);
                }
                for (carrier, how) in std::mem::take(&mut found.carriers) {
                    let Ok(bytes) = fs.read(&carrier) else { continue };
                    if let Some(listed) = carried::listed(&carrier, &bytes, how) {
                        self.texts.extend(listed);
                        self.inputs.carriers.push((carrier.clone(), how));
                        found.files.push(carrier);
                    }
                }
                if found.files.is_empty() && found.dumps.is_empty() {
                    let near = |w: &PassedOver| matches!(w, PassedOver::NotNginx | PassedOver::Outside);
                    let like = found.passed_over.iter().find(|(_, why)| near(why));
                    return Err(Problem::NothingIn(path.to_owned(), like.cloned()));
                }
                self.inputs.paths.extend(found.files.iter().cloned());
                let walked = self.inputs.walked.get_or_insert_default();
                walked.files.extend(found.files.into_iter().chain(found.dumps));
                walked.passed_over.extend(found.passed_over);
            }
            FileKind::Other => return Err(Problem::NeitherFileNorFolder(path.to_owned())),
        }
        Ok(())
    }

    /// A file that may hold configurations: what it holds, or that it holds none.
    fn take_carrier(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Problem> {
        let Some(how) = carrier_of(path, bytes) else { return Ok(()) };
        match carried::listed(path, bytes, how) {
            Some(listed) => {
                self.texts.extend(listed);
                self.inputs.carriers.push((path.to_owned(), how));
                Ok(())
            }
            // A virtual host may be called as its domain is, `example.sh`.
            None if is_nginx(bytes, false) && parse_template(bytes).errors.is_empty() => Ok(()),
            None => Err(Problem::NothingCarried(path.to_owned())),
        }
    }

    /// The files of a dump that lies in a directory stand below the dump, as if it were the root of a disk.
    fn take_world(&mut self, dump: &Path, text: &[u8]) {
        let below = |path: PathBuf| dump.join(path.strip_prefix("/").unwrap_or(&path));
        let files = split_dump(text);
        let Some(main) = files.first().map(|(path, _)| below(path.clone())) else { return };
        self.inputs.paths.extend(files.iter().map(|(path, _)| below(path.clone())));
        self.texts.extend(files.into_iter().rev().map(|(path, text)| (below(path), text)));
        self.inputs.worlds.push((main, dump.to_owned()));
    }

    /// The files of a dump stand for the disk of the machine that it comes from.
    fn take_dump(&mut self, text: &[u8]) -> Result<(), Problem> {
        let files = split_dump(text);
        let inputs = &mut self.inputs;
        if !inputs.paths.is_empty() || inputs.is_dump {
            return Err(Problem::DumpNotAlone);
        }
        inputs.paths.extend(files.first().map(|(path, _)| path.clone()));
        inputs.is_dump = true;
        inputs.named.extend(inputs.paths.iter().cloned());
        inputs.search = false;
        inputs.forced = false;
        inputs.roots.clear();
        // Every path is what it says; nothing is outside.
        inputs.map = vec![(PathBuf::from("/"), PathBuf::from("/"), true)];
        self.dump = Some(MemFs::new(files.into_iter().rev()));
        Ok(())
    }
}

impl Inputs {
    /// Reads the files and says what each is.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(&self, files: &mut Files<'_>) -> Result<Vec<Target>, Problem> {
        let mut targets: Vec<Target> = Vec::new();
        let mut fragments = Vec::new();
        let projects = &mut Projects::default();
        for (main, top) in &self.worlds {
            files.lock(top);
            let file = read(files, main)?;
            let lookup = Lookup {
                project: top.clone(),
                map: vec![(PathBuf::from("/"), top.clone(), true)],
                complete: true,
                ..self.target_of(files, file, true, projects).lookup
            };
            targets.push(Target { lookup, dump: true, ..self.target_of(files, file, true, projects) });
        }
        let in_world = |path: &Path| {
            self.worlds.iter().any(|(_, top)| path.starts_with(top)) || self.carriers.iter().any(|(c, _)| c == path)
        };
        for path in self.paths.iter().filter(|p| !in_world(p)) {
            let file = read(files, path)?;
            let forced = self.forced && self.roots.contains(path);
            let target = self.target_of(files, file, forced || self.is_dump, projects);
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
            // A snippet is judged where other files of the run include it, and nowhere else.
            let mut snippets = HashSet::new();
            for fragment in &fragments {
                if !snippets.contains(&fragment.file) {
                    snippets.extend(roots::reached(files, fragment));
                }
            }
            fragments.retain(|f| !snippets.contains(&f.file));
        }
        if !fragments.is_empty() {
            let candidates = self.candidates(files, &targets, &fragments, projects);
            roots::adopt(files, &mut targets, &mut fragments, candidates);
        }
        let witnesses = self.witnesses(files, &targets, projects);
        targets.extend(fragments);
        targets.extend(witnesses);
        targets.extend(self.open_carriers(files)?);
        for target in targets.iter_mut().filter(|t| !t.named) {
            // Where a root is only read to understand a fragment, it is the fragment that was named.
            target.named = !target.reports && !self.named.is_empty();
        }
        Ok(targets)
    }

    /// Roots that fragments may belong to: `--root`, `roots`, or those that a search around them finds.
    fn candidates(
        &self,
        files: &mut Files<'_>,
        targets: &[Target],
        fragments: &[Target],
        projects: &mut Projects,
    ) -> Vec<Target> {
        let mut paths = self.roots.clone();
        if self.search && !self.forced {
            paths.extend(roots::around(files, fragments));
            // A machine's own files have a main configuration whose place is known.
            let own = |f: &Target| files.fs().canonicalize(&files.sources.get(f.file).path).ok();
            paths.extend(fragments.iter().filter_map(own).filter_map(|p| main_file_for(&p)));
        }
        let mut out: Vec<Target> = Vec::new();
        for path in paths {
            let Ok(file) = files.read(&path) else { continue };
            let forced = self.roots.contains(&path);
            let target = Target { reports: false, ..self.target_of(files, file, forced, projects) };
            if target.is_root && !targets.iter().chain(&out).any(|t| t.file == file) {
                out.push(target);
            }
        }
        out
    }

    /// Roots that nobody asked about, and that include what those include about which somebody did.
    fn witnesses(&self, files: &mut Files<'_>, targets: &[Target], projects: &mut Projects) -> Vec<Target> {
        let asked: Vec<Target> = targets.iter().filter(|t| t.is_root && t.reports && !t.dump).cloned().collect();
        if asked.is_empty() || !self.search || self.forced {
            return Vec::new();
        }
        let others = self.candidates(files, targets, &asked, projects);
        if others.is_empty() {
            return Vec::new();
        }
        let shared: HashSet<FileId> = asked.iter().flat_map(|t| roots::reached(files, t)).collect();
        let includes_some = |other: &Target| !roots::reached(files, other).is_disjoint(&shared);
        others.into_iter().filter(includes_some).map(|t| Target { witness: true, ..t }).collect()
    }

    /// `--context`
    pub(super) fn context(&self) -> Option<ScopeKind> {
        self.context
    }

    /// `--map-path` and `[paths]`
    pub(super) fn map(&self) -> &[(PathBuf, PathBuf, bool)] {
        &self.map
    }

    /// Whether somebody named a file.
    pub(super) fn is_named(&self, path: &Path) -> bool {
        self.named.contains(path)
    }

    fn target_of(&self, files: &mut Files<'_>, file: FileId, forced: bool, projects: &mut Projects) -> Target {
        let target = self.target_by_itself(files, file, forced, projects);
        if target.is_root || !is_named_main(files, file) || !holds_includes_alone(files, file) {
            return target;
        }
        // What it includes may be all that a main configuration holds.
        let main = self.target_by_itself(files, file, true, projects);
        let reached = roots::reached(files, &main);
        let is_of_main = |named: Name| named == name::EVENTS || named == name::HTTP;
        let is_main = reached.into_iter().any(|f| names_of(files, f).any(is_of_main));
        if is_main { main } else { target }
    }

    fn target_by_itself(&self, files: &Files<'_>, file: FileId, forced: bool, projects: &mut Projects) -> Target {
        let source = files.sources.get(file);
        let ast = &files.asts[file.0 as usize];
        let is_main = forced || is_named_main(files, file);
        let found = guess(ast, ast.text(&source.bytes), is_main, &source.path);
        let is_root = found.is_root || forced;
        let (context, inferred) = match self.context.or_else(|| stated_context(files, file)) {
            _ if is_root => (ScopeKind::Main, false),
            Some(context) => (context, false),
            None => (found.context, true),
        };
        let parent = folder_of(&source.path).to_owned();
        let project = if self.is_dump { PathBuf::from("/") } else { projects.of(files.fs(), &parent) };
        let lookup = Lookup {
            root_dir: parent,
            project,
            map: self.map.clone(),
            fragment: !is_root,
            enabled: None,
            complete: self.is_dump,
        };
        let named = self.named.contains(&source.path);
        Target {
            file,
            is_root,
            context,
            inferred,
            lookup,
            reports: true,
            witness: false,
            dump: self.is_dump,
            named,
            page: Page::None,
        }
    }
}

/// Whether a file has the name of a main configuration.
fn is_named_main(files: &Files<'_>, file: FileId) -> bool {
    files.sources.get(file).path.file_name().is_some_and(|n| n == "nginx.conf")
}

/// Whether a file is a list of includes.
fn holds_includes_alone(files: &Files<'_>, file: FileId) -> bool {
    let mut names = names_of(files, file).peekable();
    names.peek().is_some() && names.all(|named| named == name::INCLUDE)
}

fn names_of(files: &Files<'_>, file: FileId) -> impl Iterator<Item = Name> {
    let ast = &files.asts[file.0 as usize];
    top_names(ast, ast.text(&files.sources.get(file).bytes))
}

/// `# wslint: context=server` in the first comment of a fragment.
pub(super) fn stated_context(files: &Files<'_>, file: FileId) -> Option<ScopeKind> {
    let comment = *files.asts[file.0 as usize].comments.first()?;
    match Pragma::read(&String::from_utf8_lossy(files.sources.get(file).text(comment))) {
        Some(Pragma::Context(name)) => ScopeKind::of_context(name),
        _ => None,
    }
}

/// What a file may carry, by its name, or else by how it begins.
fn carrier_of(path: &Path, head: &[u8]) -> Option<Carrier> {
    Carrier::named(path).or_else(|| Carrier::by_head(head))
}

fn read(files: &mut Files<'_>, path: &Path) -> Result<FileId, Problem> {
    files.read(path).map_err(|e| Problem::Io(path.to_owned(), e))
}

fn require_file(fs: &dyn FileSystem, path: &Path) -> Result<(), Problem> {
    match fs.kind(path) {
        Ok(FileKind::File) => Ok(()),
        Ok(_) => Err(Problem::RootIsNoFile(path.to_owned())),
        Err(e) => Err(Problem::Io(path.to_owned(), e)),
    }
}

/// Where files may be opened for what is asked about: what a person names, the projects around it and that of
/// the settings. What somebody names in the configuration of this machine may lead anywhere on it.
pub(super) fn bounds(fs: &dyn FileSystem, settings: &Settings, asked: &Asked) -> Bounds {
    let paths = asked.inputs.iter().map(|input| match input {
        Input::Path(path) | Input::Text(path, _) => path.as_path(),
    });
    let named: Vec<&Path> = paths.chain(asked.root.as_deref()).collect();
    let of_machine = |path: &&Path| fs.canonicalize(path).is_ok_and(|real| well_known(&real).is_some());
    if !named.is_empty() && named.iter().all(of_machine) {
        return Bounds::everywhere();
    }
    let mut out = Bounds::default();
    for path in named {
        out.allow(fs, path);
        let folder = if fs.kind(path).is_ok_and(|k| k == FileKind::Directory) { path } else { folder_of(path) };
        out.allow(fs, &project_of(fs, folder));
    }
    for (_, to) in &asked.map {
        out.allow(fs, to);
    }
    for folder in [settings.folder().as_path(), Path::new("")] {
        if asked.inputs.is_empty() || settings.file.is_some() {
            out.allow(fs, &project_of(fs, folder));
        }
    }
    out
}

/// The projects around directories, each sought once: a fleet has thousands of files in one of them.
#[derive(Default)]
struct Projects(HashMap<PathBuf, PathBuf>);

impl Projects {
    fn of(&mut self, fs: &dyn FileSystem, folder: &Path) -> PathBuf {
        if let Some(known) = self.0.get(folder) {
            return known.clone();
        }
        let project = project_of(fs, folder);
        self.0.insert(folder.to_owned(), project.clone());
        project
    }
}

/// The directory of a file; `.` where its path has none.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The project around a directory: the nearest with `.git`, else the nearest with `wslint.toml`, else the
/// configuration of a machine in which it lies, `rootfs/etc/nginx`, else the directory itself.
pub(super) fn project_of(fs: &dyn FileSystem, folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(start) = fs.canonicalize(folder) else { return folder.to_owned() };
    let around = |name: &str| start.ancestors().find(|dir| fs.kind(&dir.join(name)).is_ok());
    let of_machine = || start.ancestors().find(|dir| WELL_KNOWN.iter().any(|known| dir.ends_with(&known[1..])));
    around(".git").or_else(|| around("wslint.toml")).or_else(of_machine).unwrap_or(&start).to_owned()
}
