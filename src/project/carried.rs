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
use crate::syntax::{Files, word};

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

/// A page shows what is broken, and then how it is mended: the same backend, and now with an `Upgrade`.
fn tell_apart(files: &Files<'_>, targets: &mut [Target]) {
    let shown: Vec<Shown> = targets.iter().map(|t| Shown::of(files, t.file)).collect();
    for before in 0..targets.len() {
        let is_mended = |after: &&usize| {
            let (old, new) = (&shown[before], &shown[**after]);
            new.upgrades
                && old.text != new.text
                && old.passes.iter().any(|(to, _)| new.passes.iter().any(|(t, _)| t == to))
        };
        let all: Vec<usize> = (before + 1..targets.len()).collect();
        let Some(&after) = all.iter().rev().find(is_mended) else { continue };
        let span = shown[after].passes.iter().find(|(t, _)| shown[before].passes.iter().any(|(to, _)| t == to));
        let Some((_, span)) = span else { continue };
        targets[before].page = Page::Before(Place { file: targets[after].file, span: *span });
        // Somebody says of it that it does not work.
        targets[before].named = true;
        if targets[after].page == Page::Alone {
            targets[after].page = Page::Answer;
        }
    }
}

/// What a fence shows of a proxy.
struct Shown {
    /// Where requests are passed to, and where that stands.
    passes: Vec<(Vec<u8>, Span)>,
    /// An `Upgrade` is passed on somewhere.
    upgrades: bool,
    text: Vec<u8>,
}

impl Shown {
    fn of(files: &Files<'_>, file: FileId) -> Shown {
        let ast = &files.asts[file.0 as usize];
        let bytes = ast.text(&files.sources.get(file).bytes);
        let mut out = Shown { passes: Vec::new(), upgrades: false, text: Vec::new() };
        let mut open: Vec<_> = ast.top().collect();
        while let Some(directive) = open.pop() {
            let argument = directive.args().first().map(|w| word::decode(bytes, w).into_owned());
            match (&*word::decode(bytes, directive.name()), argument) {
                (b"proxy_pass", Some(to)) => out.passes.push((to, directive.head())),
                (b"proxy_set_header", Some(name)) => out.upgrades |= name.eq_ignore_ascii_case(b"upgrade"),
                _ => {}
            }
            out.text.extend_from_slice(&bytes[directive.head().range()]);
            open.extend(directive.children());
        }
        out
    }
}
