//! From a root to its expanded configuration: includes are read where nginx reads them, and one
//! file in many places is one file with many occurrences (`ngx_conf_include`, core/ngx_conf_file.c).

use std::path::PathBuf;
use std::rc::Rc;

use foldhash::HashMap;

use super::lookup::{IncludeProblem, Lookup, Target, resolve};
use super::scope::{Chain, MAX_DEPTH, NONE, Occ, OccId, Scope, ScopeId, ScopeKind, Tree, interest};
use crate::catalog::{Name, is_left_blank, lookup, name};
use crate::source::FileId;
use crate::syntax::template::{is_capital, is_open};
use crate::syntax::{DirectiveId, DirectiveRef, Ending, Files, Template, Words, word};

/// nginx opens included files one within the other and runs out of them; no sane configuration
/// comes near either limit.
const MAX_OPEN_FILES: usize = 500;
/// Occurrences in one expanded configuration: what a chain of files that include each other twice
/// would blow up without end.
const MAX_OCCURRENCES: usize = 2_000_000;

/// An include that could not be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub(in crate::model) tree: Tree,
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
    let mut out = Expander {
        files,
        lookup_in,
        out: Expanded::default(),
        entered: Vec::new(),
        resolved: HashMap::default(),
        firsts: Vec::new(),
    };
    out.scope(kind, None, None);
    // Chain 0 stands for “not included”.
    out.out.tree.chains.push(Chain { include: OccId(NONE), parent: 0, file: root });
    out.run(root);
    out.out
}

/// The files that an include leads to, in order, or why one cannot be read.
type Resolved = Rc<[Result<FileId, (IncludeProblem, PathBuf)>]>;

struct Expander<'e, 'a> {
    files: &'e mut Files<'a>,
    lookup_in: &'e Lookup,
    out: Expanded,
    /// The files that are part of it, by number.
    entered: Vec<bool>,
    /// What arguments of includes led to, by the file that they stand in where that matters: the file system is
    /// asked once.
    resolved: HashMap<(Option<FileId>, Vec<u8>), Resolved>,
    /// For each file, by the numbers of its bodies, the first block that has one.
    firsts: Vec<Vec<Option<(ScopeId, DirectiveId)>>>,
}

impl Expander<'_, '_> {
    fn scope(&mut self, kind: ScopeKind, parent: Option<ScopeId>, opened_by: Option<OccId>) -> ScopeId {
        let id = ScopeId(self.out.tree.scopes.len() as u32);
        let depth = parent.map_or(0, |p| self.out.tree.scopes[p.0 as usize].depth.saturating_add(1));
        let outer = parent.is_some_and(|p| self.out.tree.scopes[p.0 as usize].outside_http);
        let outside_http = outer || kind.is_outside_http();
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
        if self.lookup_in.fragment && self.files.block(root).is_some_and(|block| block.is_surrounded) {
            self.out.tree.scope_mut(ScopeId(0)).hide();
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
                let name = lookup(&decoded);
                let open = ast.template != Template::No && is_open(&decoded);
                if open || (name == Name::UNKNOWN && is_capital(&decoded)) {
                    hole(&mut self.out.tree, scope, self.lookup_in.fragment);
                }
                name
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
            let branch = self.branch(file, chain, id);
            let occ = self.push(Occ { scope, name, block, link: node, chain, next: NONE });
            self.out.tree.templates.set(occ, branch);
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

    /// The branch of a template that a directive stands in.
    fn branch(&mut self, file: FileId, chain: u32, id: DirectiveId) -> u32 {
        let tree = &mut self.out.tree;
        let around = if chain == 0 { 0 } else { tree.templates.of(tree.chains[chain as usize].include) };
        let ast = &self.files.asts[file.0 as usize];
        if ast.branches.is_empty() {
            return around;
        }
        let own = ast.branches.at(ast.get(id).name().span().start);
        tree.templates.number(ast, file, chain, around, own)
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
        let found = self.led_to(file, argument);
        let open = self.open_files(file, chain);
        let mut frames = Vec::new();
        for target in found.iter() {
            let id = match target {
                Ok(id) => *id,
                Err((problem, path)) => {
                    self.broken(occ, *problem, path.clone());
                    continue;
                }
            };
            let path = |files: &Files<'_>| files.sources.get(id).path.clone();
            if open.contains(&id) {
                self.broken(occ, IncludeProblem::Cycle, path(self.files));
            } else if open.len() >= MAX_OPEN_FILES || self.out.tree.occs.len() >= MAX_OCCURRENCES {
                self.broken(occ, IncludeProblem::TooLarge, path(self.files));
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

    /// What an argument of an include in a file leads to: files, or why one cannot be read.
    fn led_to(&mut self, file: FileId, argument: Vec<u8>) -> Resolved {
        // Only fragments seek relative paths from the file that names them.
        let key = (self.lookup_in.fragment.then_some(file), argument);
        if let Some(known) = self.resolved.get(&key) {
            return Rc::clone(known);
        }
        let targets = match resolve(self.files, self.lookup_in, file, &key.1) {
            Ok(targets) => targets.into_iter().map(|t| self.read(t)).collect(),
            Err(problem) => vec![Err(problem)],
        };
        let resolved: Resolved = targets.into();
        self.resolved.insert(key, Rc::clone(&resolved));
        resolved
    }

    fn read(&mut self, target: Target) -> Result<FileId, (IncludeProblem, PathBuf)> {
        match target {
            Target::File(path) => self.files.read(&path).map_err(|e| {
                let problem = match e.kind() {
                    std::io::ErrorKind::NotFound => IncludeProblem::Missing,
                    std::io::ErrorKind::IsADirectory => IncludeProblem::Directory,
                    std::io::ErrorKind::FileTooLarge => IncludeProblem::TooLarge,
                    _ => IncludeProblem::Unreadable,
                };
                (problem, path)
            }),
            Target::Shipped(path, text) => Ok(self.files.add(path, text.as_bytes().to_vec(), true)),
        }
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

/// A line that stands for any lines. Above the servers of a fragment nothing is assumed to be set.
fn hole(tree: &mut Tree, scope: ScopeId, fragment: bool) {
    let kind = tree.scopes[scope.0 as usize].kind;
    if !(scope.0 == 0 && fragment && matches!(kind, ScopeKind::Http | ScopeKind::Main)) {
        tree.scope_mut(scope).hide();
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
