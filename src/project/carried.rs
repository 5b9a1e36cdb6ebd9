//! Configurations inside other files: which blocks of a file are read, and as what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::inputs::Inputs;
use super::{Problem, roots};
use crate::engine::{Page, Target};
use crate::model::ScopeKind;
use crate::model::config::context::guess;
use crate::model::config::lookup::Lookup;
use crate::source::{Carrier, FileId, Place, Span};
use crate::syntax::carrier::{Block, blocks};
use crate::syntax::{DirectiveRef, Files, word};

/// The directory that stands for `/` on the machine whose files a block and its like are: below the carrier
/// itself, where no disk has anything.
fn world(path: &Path, block: &Block) -> PathBuf {
    path.join(format!("#{}", block.world))
}

/// Where nginx would find a block, below its world.
fn places(path: &Path, block: &Block) -> Vec<PathBuf> {
    let below = |file: &PathBuf| world(path, block).join(file.strip_prefix("/").unwrap_or(file));
    block.files.iter().map(below).collect()
}

/// Files that stand for blocks, for those who list directories; none where nothing in the carrier is nginx.
pub(super) fn listed(path: &Path, bytes: &[u8], carrier: Carrier) -> Option<BTreeMap<PathBuf, Vec<u8>>> {
    let blocks = blocks(bytes, carrier);
    let places = blocks.iter().flat_map(|block| places(path, block));
    (!blocks.is_empty()).then(|| places.map(|place| (place, Vec::new())).collect())
}

impl Inputs {
    /// Reads the blocks of all carriers and says what each is. They are judged among themselves: nobody knows
    /// which files of a repository meet them on a machine.
    pub(super) fn open_carriers(&self, files: &mut Files<'_>) -> Result<Vec<Target>, Problem> {
        let mut out = Vec::new();
        for (path, carrier) in &self.carriers {
            let bytes = files.fs().read(path).map_err(|e| Problem::Io(path.clone(), e))?;
            let mut targets = Vec::new();
            for (number, block) in blocks(&bytes, *carrier).into_iter().enumerate() {
                let own = path.join(format!("#{number}.block"));
                let places = places(path, &block);
                files.carry(path, &own, places.clone(), block.clone());
                let file = files.read(&own).map_err(|e| Problem::Io(path.clone(), e))?;
                targets.push(self.block_target(files, file, &block, path, places.first()));
            }
            if carrier.is_document() {
                tell_apart(files, &mut targets);
            } else {
                keep_outermost(files, &mut targets);
            }
            out.append(&mut targets);
        }
        Ok(out)
    }

    fn block_target(
        &self,
        files: &Files<'_>,
        file: FileId,
        block: &Block,
        path: &Path,
        place: Option<&PathBuf>,
    ) -> Target {
        let source = files.sources.get(file);
        let ast = &files.asts[file.0 as usize];
        let folder = place.and_then(|place| place.parent());
        let place = place.map_or(path, PathBuf::as_path);
        let is_main = place.file_name().is_some_and(|n| n == "nginx.conf");
        let found = guess(ast, ast.text(&source.bytes), is_main, place);
        let is_root = found.is_root && !block.is_excerpt && block.context.is_none();
        let stated = self.context().or_else(|| super::inputs::stated_context(files, file));
        let known = stated.or_else(|| block.context.and_then(ScopeKind::of_context));
        let (context, inferred) = match known {
            _ if is_root => (ScopeKind::Main, false),
            Some(context) => (context, false),
            None => (found.context, true),
        };
        let world = world(path, block);
        let mut map = self.map().to_vec();
        map.push((PathBuf::from("/"), world.clone(), true));
        let lookup = Lookup {
            root_dir: folder.unwrap_or(&world).to_owned(),
            project: world,
            map,
            fragment: !is_root,
            enabled: None,
            complete: false,
        };
        // Documents show servers that have nothing to do with WebSocket, whoever names them.
        let named = self.is_named(path) && !block.is_excerpt;
        let page = if block.is_excerpt { Page::Alone } else { Page::None };
        Target { file, is_root, context, inferred, lookup, reports: true, witness: false, dump: false, named, page }
    }
}

/// A block that another includes is judged there, and nowhere else.
fn keep_outermost(files: &mut Files<'_>, targets: &mut Vec<Target>) {
    if targets.len() < 2 {
        return;
    }
    let mut inner = std::collections::HashSet::new();
    for target in targets.iter() {
        inner.extend(roots::reached(files, target));
    }
    targets.retain(|t| t.is_root || !inner.contains(&t.file));
}

/// A page shows what is broken, and then how it is mended: the same backend, and now with an `Upgrade`. An example for
/// WebSocket beside one that is for HTTP is no mended one.
fn tell_apart(files: &Files<'_>, targets: &mut [Target]) {
    let shown: Vec<Shown> = targets.iter().map(|t| Shown::of(files, t.file)).collect();
    for before in 0..targets.len() {
        let old = &shown[before];
        let is_mended = |p: &&Pass| p.upgrades && old.passes.iter().any(|o| o.is_before(p));
        let later = (before + 1..targets.len()).rev().filter(|&after| shown[after].text != old.text);
        let mut mended = later.filter_map(|after| Some((after, shown[after].passes.iter().find(is_mended)?)));
        let Some((after, pass)) = mended.next() else { continue };
        targets[before].page = Page::Before(Place { file: targets[after].file, span: pass.span });
        // Somebody says of it that it does not work.
        targets[before].named = true;
        if targets[after].page == Page::Alone {
            targets[after].page = Page::Answer;
        }
    }
}

/// What a fence shows of a proxy.
struct Shown {
    passes: Vec<Pass>,
    text: Vec<u8>,
}

/// A `proxy_pass` of a fence.
struct Pass {
    /// The location around it, where the fence shows one.
    location: Option<Vec<u8>>,
    /// Where requests are passed to.
    to: Vec<u8>,
    /// An `Upgrade` is passed on there, or around it.
    upgrades: bool,
    /// An empty `Connection` is: somebody wrote it for HTTP.
    keeps_alive: bool,
    span: Span,
}

impl Pass {
    fn is_before(&self, mended: &Pass) -> bool {
        let same_place = self.location == mended.location || self.location.is_none() || mended.location.is_none();
        self.to == mended.to && (same_place || !self.keeps_alive)
    }
}

impl Shown {
    fn of(files: &Files<'_>, file: FileId) -> Shown {
        let ast = &files.asts[file.0 as usize];
        let bytes = ast.text(&files.sources.get(file).bytes);
        let mut out = Shown { passes: Vec::new(), text: Vec::new() };
        let mut open = vec![(ast.top().collect::<Vec<_>>(), None, (false, false))];
        let words =
            |d: DirectiveRef<'_>| d.args().iter().map(|w| word::decode(bytes, w).into_owned()).collect::<Vec<_>>();
        let is = |d: DirectiveRef<'_>, name: &[u8]| *word::decode(bytes, d.name()) == *name;
        while let Some((siblings, location, around)) = open.pop() {
            let sets = |name: &[u8], empty: bool| {
                siblings.iter().filter(|d| is(**d, b"proxy_set_header")).any(|d| match words(*d).as_slice() {
                    [header, value, ..] => header.eq_ignore_ascii_case(name) && value.is_empty() == empty,
                    _ => false,
                })
            };
            let (upgrades, keeps_alive) = (around.0 || sets(b"upgrade", false), around.1 || sets(b"connection", true));
            for directive in siblings {
                out.text.extend_from_slice(&bytes[directive.head().range()]);
                if let Some(to) = words(directive).into_iter().next().filter(|_| is(directive, b"proxy_pass")) {
                    let span = directive.head();
                    out.passes.push(Pass { location: location.clone(), to, upgrades, keeps_alive, span });
                }
                let inner = match is(directive, b"location") {
                    true => words(directive).pop(),
                    false => location.clone(),
                };
                open.push((directive.children().collect(), inner, (upgrades, keeps_alive)));
            }
        }
        out
    }
}
