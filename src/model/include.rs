//! From a root to its expanded configuration: includes are read where nginx reads them, and one
//! file in many places is one file with many occurrences (`ngx_conf_include`, core/ngx_conf_file.c).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::scope::{Chain, MAX_DEPTH, NONE, Occ, OccId, Scope, ScopeId, ScopeKind, Tree, interest};
use crate::catalog::{Name, Shipped, is_left_blank, lookup, name, shipped};
use crate::source::{FileId, FileKind, FileSystem, SourceMap, expand_glob, glob_match, is_glob, normalise};
use crate::syntax::template::is_open;
use crate::syntax::{self, Ast, DirectiveId, DirectiveRef, Ending, Template, Words, word};

/// Directories in which an absolute include is read as it stands.
pub const WELL_KNOWN: &[&str] = &[
    "/etc/nginx",
    "/usr/local/nginx/conf",
    "/usr/local/etc/nginx",
    "/opt/homebrew/etc/nginx",
    "/usr/local/openresty/nginx/conf",
];

/// nginx opens included files one within the other and runs out of them; no sane configuration
/// comes near either limit.
const MAX_OPEN_FILES: usize = 500;
/// Occurrences in one expanded configuration: what a chain of files that include each other twice
/// would blow up without end.
const MAX_OCCURRENCES: usize = 2_000_000;

/// Reads and parses files, each once.
pub struct Files<'a> {
    fs: &'a dyn FileSystem,
    /// The files that were read.
    pub sources: SourceMap,
    /// Their trees, by [`FileId`].
    pub asts: Vec<Ast>,
    /// The files by their canonical paths; text that is no file has none.
    by_real: HashMap<PathBuf, FileId>,
    /// Other names of files that were read.
    aliases: HashMap<PathBuf, FileId>,
    /// Files that cannot be changed: shipped ones, and those outside the project.
    read_only: Vec<bool>,
}

impl<'a> Files<'a> {
    /// Nothing read yet.
    pub fn new(fs: &'a dyn FileSystem) -> Files<'a> {
        Files {
            fs,
            sources: SourceMap::default(),
            asts: Vec::new(),
            by_real: HashMap::new(),
            aliases: HashMap::new(),
            read_only: Vec::new(),
        }
    }

    /// Reads a file, or finds it again.
    ///
    /// # Errors
    /// As the file system says; one larger than [`crate::source::MAX_FILE`] is refused.
    pub fn read(&mut self, path: &Path) -> std::io::Result<FileId> {
        if let Some(id) = self.find(path) {
            return Ok(id);
        }
        // One file under two names (`sites-enabled/app` is a link) is one file.
        let real = self.fs.canonicalize(path).ok();
        if let Some(&same) = real.as_ref().and_then(|r| self.by_real.get(r)) {
            self.aliases.insert(path.to_owned(), same);
            return Ok(same);
        }
        let bytes = self.fs.read(path)?;
        Ok(self.insert(path.to_owned(), bytes, real, false))
    }

    /// The number of a file that was read, under this name or another.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.sources.find(path).or_else(|| self.aliases.get(path).copied())
    }

    /// Adds text that is no file of the file system.
    pub fn add(&mut self, path: PathBuf, bytes: Vec<u8>, read_only: bool) -> FileId {
        match self.sources.find(&path) {
            Some(id) => id,
            None => self.insert(path, bytes, None, read_only),
        }
    }

    fn insert(&mut self, path: PathBuf, bytes: Vec<u8>, real: Option<PathBuf>, read_only: bool) -> FileId {
        let id = self.sources.add(path, bytes);
        let ast = syntax::parse_template(&self.sources.get(id).bytes);
        // Between the tags of a template, nobody knows what an edit would land in.
        self.read_only.push(read_only || matches!(ast.template, Template::Control | Template::Unread));
        self.asts.push(ast);
        if let Some(real) = real {
            self.by_real.insert(real, id);
        }
        id
    }

    /// Whether fixes must leave the file alone.
    pub fn read_only(&self, id: FileId) -> bool {
        self.read_only[id.0 as usize]
    }

    /// The file system that the files come from.
    pub fn fs(&self) -> &'a dyn FileSystem {
        self.fs
    }
}

/// Where includes are sought.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The directory of the root, as given; relative includes start here.
    pub root_dir: PathBuf,
    /// The project: nothing outside is read, unless the root itself lies in a well-known directory.
    pub project: PathBuf,
    /// `--map-path` and `[paths]`: absolute prefixes that are read from elsewhere; whether the
    /// target may leave the project.
    pub map: Vec<(PathBuf, PathBuf, bool)>,
    /// A fragment seeks its relative includes in its own directory and then upward to the project.
    pub fragment: bool,
    /// A file of `sites-available`, read as if it were the only one in the `sites-enabled` beside it:
    /// that directory and the file.
    pub enabled: Option<(PathBuf, PathBuf)>,
}

/// Why an include is not part of the expanded configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeProblem {
    /// No such file.
    Missing,
    /// Outside the project: not read.
    Outside,
    /// A directory; nginx stops with `pread() … failed (21: Is a directory)`.
    Directory,
    /// It is there and cannot be read.
    Unreadable,
    /// The file includes itself, directly or through others.
    Cycle,
    /// Past the limits of this program.
    TooLarge,
}

/// An include that could not be followed.
#[derive(Clone, Debug)]
pub struct BrokenInclude {
    /// The directive.
    pub occ: OccId,
    /// Why.
    pub problem: IncludeProblem,
    /// The path that was tried first.
    pub path: PathBuf,
}

/// An expanded configuration without the files behind it.
#[derive(Debug, Default)]
pub struct Expanded {
    pub(super) tree: Tree,
    /// Includes that could not be followed, in order.
    pub broken_includes: Vec<BrokenInclude>,
    /// The files that are part of it, each once, in order.
    pub files: Vec<FileId>,
}

/// One file or block whose directives are being read.
struct Frame {
    file: FileId,
    /// The next directive, if any.
    next: Option<DirectiveId>,
    scope: ScopeId,
    chain: u32,
}

/// Expands a root or fragment whose outermost scope is of this kind.
pub fn expand(files: &mut Files<'_>, root: FileId, kind: ScopeKind, lookup_in: &Lookup) -> Expanded {
    let mut out = Expander { files, lookup_in, out: Expanded::default(), entered: Vec::new(), firsts: Vec::new() };
    out.scope(kind, None, None);
    // Chain 0 stands for “not included”.
    out.out.tree.chains.push(Chain { include: OccId(NONE), parent: 0, file: root });
    out.run(root);
    out.out
}

struct Expander<'e, 'a> {
    files: &'e mut Files<'a>,
    lookup_in: &'e Lookup,
    out: Expanded,
    /// The files that are part of it, by number.
    entered: Vec<bool>,
    /// For each file, by the numbers of its bodies, the first block that has one.
    firsts: Vec<Vec<Option<(ScopeId, DirectiveId)>>>,
}

impl Expander<'_, '_> {
    fn scope(&mut self, kind: ScopeKind, parent: Option<ScopeId>, opened_by: Option<OccId>) -> ScopeId {
        let id = ScopeId(self.out.tree.scopes.len() as u32);
        let depth = parent.map_or(0, |p| self.out.tree.scopes[p.0 as usize].depth.saturating_add(1));
        let outer = parent.is_some_and(|p| self.out.tree.scopes[p.0 as usize].outside_http);
        let outside_http = outer || matches!(kind, ScopeKind::Stream | ScopeKind::Mail);
        let kind = if depth > MAX_DEPTH { ScopeKind::Foreign } else { kind };
        let around = parent.is_some_and(|p| self.out.tree.scopes[p.0 as usize].unresolved_around);
        self.out.tree.scopes.push(Scope {
            kind,
            parent,
            opened_by,
            simple: (NONE, NONE),
            blocks: (NONE, NONE),
            mask: 0,
            node: NONE,
            shift: 0,
            depth,
            outside_http,
            unresolved: false,
            unresolved_around: around,
            optional: false,
            repeats: None,
        });
        id
    }

    fn run(&mut self, root: FileId) {
        let first = self.enter_file(root);
        if self.files.asts[root.0 as usize].template == Template::Unread {
            self.out.tree.scopes[0].decided_elsewhere();
        }
        let mut stack = vec![Frame { file: root, next: first, scope: ScopeId(0), chain: 0 }];
        while let Some(frame) = stack.last_mut() {
            let Some(id) = frame.next else {
                stack.pop();
                continue;
            };
            let (file, scope, chain) = (frame.file, frame.scope, frame.chain);
            let ast = &self.files.asts[file.0 as usize];
            let directive = ast.get(id);
            frame.next = directive.next();
            let name = if self.out.tree.scopes[scope.0 as usize].kind == ScopeKind::Entries
                && !is_include(self.files, file, directive)
            {
                Name::UNKNOWN
            } else {
                let decoded = word::decode(ast.text(&self.files.sources.get(file).bytes), directive.name());
                if ast.template != Template::No && is_open(&decoded) {
                    self.out.tree.scope_mut(scope).decided_elsewhere();
                }
                lookup(&decoded)
            };
            if directive.args().is_empty()
                && (chain != 0 || self.lookup_in.fragment)
                && directive.ending() == Ending::Semicolon
                && is_left_blank(name.as_str())
            {
                self.out.tree.scope_mut(scope).hide();
            }
            let block = matches!(directive.ending(), Ending::Block | Ending::Lua);
            let first_child = directive.children().next().map(DirectiveRef::id);
            let (node, shift, one) = (id.node(), directive.shift(), directive.args().len() == 1);
            let occ = self.push(Occ { scope, name, block, link: node, chain, next: NONE });
            if block {
                let kind = self.out.tree.scopes[scope.0 as usize].kind.open(name);
                let inner = self.scope(kind, Some(scope), Some(occ));
                (self.out.tree.scope_mut(inner).node, self.out.tree.scope_mut(inner).shift) = (node, shift);
                self.repeat(file, id, inner);
                if self.files.asts[file.0 as usize].template == Template::Unread {
                    self.out.tree.scope_mut(inner).decided_elsewhere();
                }
                self.out.tree.occs[occ.0 as usize].link = inner.0;
                if !self.copy(inner) {
                    stack.push(Frame { file, next: first_child, scope: inner, chain });
                }
            } else if name == name::INCLUDE && one && self.include_applies(scope) {
                self.include(occ, id, &mut stack);
            }
        }
    }

    /// Finds the first block that a location, or a block in it, repeats.
    fn repeat(&mut self, file: FileId, id: DirectiveId, scope: ScopeId) {
        let kind = self.out.tree.scopes[scope.0 as usize].kind;
        let ast = &self.files.asts[file.0 as usize];
        let inner = matches!(kind, ScopeKind::Location | ScopeKind::LocationIf | ScopeKind::LimitExcept);
        let Some(number) = ast.get(id).body_number().filter(|_| inner && ast.template == Template::No) else { return };
        let firsts = &mut self.firsts[file.0 as usize];
        firsts.resize(ast.body_numbers(), None);
        let Some((first, head)) = firsts[number] else {
            firsts[number] = Some((scope, id));
            return;
        };
        let tree = &self.out.tree;
        let around = |s: ScopeId| tree.scopes[s.0 as usize].parent.map(|p| tree.scopes[p.0 as usize].kind);
        // What comes from elsewhere is not in the bytes between the braces.
        let includes = tree.scopes[first.0 as usize].mask & interest(name::INCLUDE) != 0;
        let same = tree.scopes[first.0 as usize].kind == kind && around(first) == around(scope) && !includes;
        let bytes = &self.files.sources.get(file).bytes;
        let modifiers = [head, id].map(|d| modifier(bytes, ast.get(d).args()));
        if same && modifiers[0] == modifiers[1] {
            self.out.tree.scopes[scope.0 as usize].repeats = Some(first);
        }
    }

    /// Reads the body of a block that repeats another one off that one; whether that could be done.
    fn copy(&mut self, inner: ScopeId) -> bool {
        let tree = &mut self.out.tree;
        let Scope { repeats: Some(first), opened_by: Some(occ), .. } = tree.scopes[inner.0 as usize] else {
            return false;
        };
        let Scope { opened_by: Some(other), unresolved: false, mask, simple, .. } = tree.scopes[first.0 as usize]
        else {
            return false;
        };
        let (chain, model) = (tree.occs[occ.0 as usize].chain, tree.occs[other.0 as usize]);
        // What is left blank counts as filled in only in files that are included.
        if (chain == 0) != (model.chain == 0) || simple.0 == NONE {
            return false;
        }
        // They stand one behind the other: there are no blocks and no includes among them.
        let (start, count) = (tree.occs.len() as u32, simple.1 - simple.0 + 1);
        tree.occs.extend_from_within(simple.0 as usize..=simple.1 as usize);
        for (at, copy) in tree.occs[start as usize..].iter_mut().enumerate() {
            *copy = Occ { scope: inner, chain, next: start + at as u32 + 1, ..*copy };
        }
        if let Some(last) = tree.occs.last_mut() {
            last.next = NONE;
        }
        let scope = &mut tree.scopes[inner.0 as usize];
        scope.mask = mask;
        scope.simple = (start, start + count - 1);
        true
    }

    fn enter_file(&mut self, file: FileId) -> Option<DirectiveId> {
        let number = file.0 as usize;
        if self.entered.len() <= number {
            self.entered.resize(number + 1, false);
            self.firsts.resize(number + 1, Vec::new());
        }
        if !std::mem::replace(&mut self.entered[number], true) {
            self.out.files.push(file);
        }
        self.files.asts[file.0 as usize].top().next().map(DirectiveRef::id)
    }

    fn push(&mut self, occ: Occ) -> OccId {
        let id = OccId(self.out.tree.occs.len() as u32);
        let scope = &mut self.out.tree.scopes[occ.scope.0 as usize];
        scope.mask |= interest(occ.name);
        let list = if occ.block { &mut scope.blocks } else { &mut scope.simple };
        let last = std::mem::replace(&mut list.1, id.0);
        if last == NONE {
            list.0 = id.0;
        }
        self.out.tree.occs.push(occ);
        if last != NONE {
            self.out.tree.occs[last as usize].next = id.0;
        }
        id
    }

    /// `split_clients` takes `include` for an entry of its own, and nginx wants exactly one argument.
    fn include_applies(&self, scope: ScopeId) -> bool {
        let tree = &self.out.tree;
        let scope = &tree.scopes[scope.0 as usize];
        let in_split_clients = scope.kind == ScopeKind::Entries
            && scope.opened_by.is_some_and(|o| tree.occs[o.0 as usize].name == name::SPLIT_CLIENTS);
        !in_split_clients
    }

    fn include(&mut self, occ: OccId, id: DirectiveId, stack: &mut Vec<Frame>) {
        let Occ { scope, chain, .. } = self.out.tree.occs[occ.0 as usize];
        let file = self.out.tree.chains[chain as usize].file;
        let argument = {
            let ast = &self.files.asts[file.0 as usize];
            let Some(word) = ast.get(id).args().first() else { return };
            word::decode(ast.text(&self.files.sources.get(file).bytes), word).into_owned()
        };
        let found = resolve(self.files, self.lookup_in, file, &argument);
        let targets = match found {
            Ok(targets) => targets,
            Err((problem, path)) => return self.broken(occ, problem, path),
        };
        let open = self.open_files(file, chain);
        let mut frames = Vec::new();
        for target in targets {
            let id = match target {
                Target::File(path) => match self.files.read(&path) {
                    Ok(id) => id,
                    Err(e) => {
                        let problem = match e.kind() {
                            std::io::ErrorKind::NotFound => IncludeProblem::Missing,
                            std::io::ErrorKind::IsADirectory => IncludeProblem::Directory,
                            std::io::ErrorKind::FileTooLarge => IncludeProblem::TooLarge,
                            _ => IncludeProblem::Unreadable,
                        };
                        self.broken(occ, problem, path);
                        continue;
                    }
                },
                Target::Shipped(path, text) => self.files.add(path, text.as_bytes().to_vec(), true),
            };
            let path = self.files.sources.get(id).path.clone();
            if open.contains(&id) {
                self.broken(occ, IncludeProblem::Cycle, path);
            } else if open.len() >= MAX_OPEN_FILES || self.out.tree.occs.len() >= MAX_OCCURRENCES {
                self.broken(occ, IncludeProblem::TooLarge, path);
            } else {
                let next = self.enter_file(id);
                if self.files.asts[id.0 as usize].template == Template::Unread {
                    self.out.tree.scope_mut(scope).decided_elsewhere();
                }
                let new_chain = self.out.tree.chains.len() as u32;
                self.out.tree.chains.push(Chain { include: occ, parent: chain, file: id });
                frames.push(Frame { file: id, next, scope, chain: new_chain });
            }
        }
        stack.extend(frames.into_iter().rev());
    }

    /// The files within which this one is being read, itself first.
    fn open_files(&self, file: FileId, mut chain: u32) -> Vec<FileId> {
        let mut out = vec![file];
        while chain != 0 {
            let link = &self.out.tree.chains[chain as usize];
            chain = link.parent;
            out.push(self.out.tree.chains[chain as usize].file);
        }
        out
    }

    fn broken(&mut self, occ: OccId, problem: IncludeProblem, path: PathBuf) {
        if problem != IncludeProblem::Cycle {
            let scope = self.out.tree.occs[occ.0 as usize].scope;
            self.out.tree.scope_mut(scope).hide();
        }
        self.out.broken_includes.push(BrokenInclude { occ, problem, path });
    }
}

/// What stands before the path of a location, glued to it or not.
fn modifier<'a>(bytes: &'a [u8], args: Words<'_>) -> &'a [u8] {
    let first = args.first().map_or(&[][..], |w| &bytes[w.inner(bytes).range()]);
    let path = first.iter().position(|b| !b"=^~*@".contains(b)).unwrap_or(first.len());
    &first[..path]
}

fn is_include(files: &Files<'_>, file: FileId, directive: DirectiveRef<'_>) -> bool {
    directive.args().len() == 1 && files.sources.get(file).text(directive.name().span()) == b"include"
}

enum Target {
    File(PathBuf),
    Shipped(PathBuf, &'static str),
}

/// The files that an include argument names.
fn resolve(
    files: &Files<'_>,
    lookup_in: &Lookup,
    from: FileId,
    argument: &[u8],
) -> Result<Vec<Target>, (IncludeProblem, PathBuf)> {
    let text = String::from_utf8_lossy(argument).into_owned();
    let argument_path = bytes_path(argument);
    let glob = is_glob(argument);
    let bases: Vec<PathBuf> = match &argument_path {
        path if path.is_absolute() => match map_absolute(lookup_in, path) {
            Some(path) => vec![path],
            None => return shipped_or(&text, IncludeProblem::Outside, argument_path.clone()),
        },
        path if lookup_in.fragment => {
            let own = files.sources.get(from).path.parent().map(Path::to_owned).unwrap_or_default();
            upward(files, &own, &lookup_in.project).into_iter().map(|dir| dir.join(path)).collect()
        }
        path => vec![lookup_in.root_dir.join(path)],
    };
    let bases: Vec<PathBuf> = bases.iter().map(|p| normalise(p)).collect();
    let first = bases[0].clone();
    if let Some((_, file)) = lookup_in.enabled.as_ref().filter(|(dir, _)| first.parent() == Some(dir.as_path())) {
        let name = |p: &Path| p.file_name().map(|n| n.as_encoded_bytes().to_vec()).unwrap_or_default();
        let wanted = glob_match(&name(&first), &name(file));
        return Ok(wanted.then(|| Target::File(file.clone())).into_iter().collect());
    }
    let mut outside = false;
    for path in bases {
        if !glob {
            match files.fs.kind(&path) {
                Ok(FileKind::Directory) => return Err((IncludeProblem::Directory, path)),
                Ok(_) if !allowed(files, lookup_in, &path) => outside = true,
                Ok(_) => return Ok(vec![Target::File(path)]),
                Err(_) => {}
            }
            continue;
        }
        let found = expand_glob(files.fs, &path).unwrap_or_default();
        let (inside, refused): (Vec<_>, Vec<_>) =
            found.into_iter().map(|p| normalise(&p)).partition(|p| allowed(files, lookup_in, p));
        outside |= !refused.is_empty();
        if !inside.is_empty() {
            return Ok(inside.into_iter().map(Target::File).collect());
        }
    }
    if outside {
        return shipped_or(&text, IncludeProblem::Outside, first);
    }
    if glob {
        // A pattern without a match is no error; but where the mapped directory itself is not
        // there, what nginx would find in the real one is not known.
        let folder_is_missing = argument_path.is_absolute()
            && first.parent().is_some_and(|p| !is_glob(p.as_os_str().as_encoded_bytes()) && files.fs.kind(p).is_err());
        return if folder_is_missing { shipped_or(&text, IncludeProblem::Missing, first) } else { Ok(Vec::new()) };
    }
    shipped_or(&text, IncludeProblem::Missing, first)
}

fn shipped_or(text: &str, problem: IncludeProblem, path: PathBuf) -> Result<Vec<Target>, (IncludeProblem, PathBuf)> {
    match shipped(text) {
        Some(Shipped::Harmless) => Ok(Vec::new()),
        Some(Shipped::Text(content)) => Ok(vec![Target::Shipped(path, content)]),
        None => Err((problem, path)),
    }
}

/// Whether a well-known directory holds this path.
pub fn well_known(path: &Path) -> Option<&'static str> {
    WELL_KNOWN.iter().copied().find(|w| path.starts_with(w))
}

/// Where an absolute include is read from; `None` is nowhere.
fn map_absolute(lookup_in: &Lookup, path: &Path) -> Option<PathBuf> {
    for (from, to, _) in &lookup_in.map {
        if let Ok(rest) = path.strip_prefix(from) {
            return Some(to.join(rest));
        }
    }
    if well_known(&lookup_in.root_dir).is_some() {
        return Some(path.to_owned());
    }
    match well_known(path) {
        Some(prefix) => Some(lookup_in.root_dir.join(path.strip_prefix(prefix).ok()?)),
        None => Some(path.to_owned()),
    }
}

/// Whether a file may be read: it lies in the project (links resolved), the root lies in a
/// well-known directory, or `--map-path` led there.
fn allowed(files: &Files<'_>, lookup_in: &Lookup, path: &Path) -> bool {
    if well_known(&lookup_in.root_dir).is_some()
        || lookup_in.map.iter().any(|(_, to, leave)| *leave && path.starts_with(to))
    {
        return true;
    }
    match (files.fs.canonicalize(path), files.fs.canonicalize(&lookup_in.project)) {
        (Ok(real), Ok(project)) => real.starts_with(project),
        // What cannot be resolved cannot be read either, and is reported as missing.
        _ => true,
    }
}

/// The directory and the ones around it up to the project, the only ones a fragment looks in.
fn upward(files: &Files<'_>, from: &Path, project: &Path) -> Vec<PathBuf> {
    let mut out = vec![from.to_owned()];
    let (Ok(mut real), Ok(project)) = (
        files.fs.canonicalize(if from.as_os_str().is_empty() { Path::new(".") } else { from }),
        files.fs.canonicalize(project),
    ) else {
        return out;
    };
    let mut path = from.to_owned();
    while real != project && real.starts_with(&project) && real.pop() {
        path.push("..");
        out.push(normalise(&path));
    }
    out
}

#[cfg(unix)]
fn bytes_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn bytes_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
