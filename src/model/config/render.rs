//! Templates before they are rendered: which lines are there in which rendering.
//!
//! Without a rendering, a configuration shows the lines of all alternatives at once; that is how
//! everything is found. What becomes of a request is asked of one rendering after the other.

use std::collections::HashMap;

use super::scope::{Config, OccId, Scope, ScopeId, ScopeKind, interest};
use crate::catalog::name;
use crate::source::{FileId, Place};
use crate::syntax::{Ast, Template};

/// A branch of a template in one of the places where its file is included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub parent: u32,
    pub choice: u32,
    pub alternative: u32,
    pub tag: Place,
}

/// Everything that is decided when templates are rendered.
#[derive(Debug, Default)]
pub(super) struct Templates {
    /// By number; the first is “always there”.
    pub branches: Vec<Branch>,
    /// How many alternatives each choice has.
    pub choices: Vec<u32>,
    /// For each occurrence the branch that it stands in; as long as it has to be.
    pub of: Vec<u32>,
    known: HashMap<(u32, FileId, u32), u32>,
    numbers: HashMap<(FileId, u32), u32>,
}

impl Templates {
    /// The branch of an occurrence.
    pub(super) fn of(&self, occ: OccId) -> u32 {
        self.of.get(occ.0 as usize).copied().unwrap_or(0)
    }

    /// Says where an occurrence stands.
    pub(super) fn set(&mut self, occ: OccId, branch: u32) {
        if branch != 0 {
            self.of.resize(occ.0 as usize + 1, 0);
            self.of[occ.0 as usize] = branch;
        }
    }

    /// The number of a branch of a file that is read through `chain`, within the branch `around`.
    pub(super) fn number(&mut self, ast: &Ast, file: FileId, chain: u32, around: u32, branch: u32) -> u32 {
        let mut path = Vec::new();
        let mut at = branch;
        while at != 0 && !self.known.contains_key(&(chain, file, at)) {
            path.push(at);
            at = ast.branches.get(at).parent;
        }
        let mut parent = if at == 0 { around } else { self.known[&(chain, file, at)] };
        if self.branches.is_empty() {
            let tag = Place { file, span: crate::source::Span::at(0) };
            self.branches.push(Branch { parent: 0, choice: 0, alternative: 0, tag });
        }
        for own in path.into_iter().rev() {
            let facts = ast.branches.get(own);
            let choices = &mut self.choices;
            let choice = *self.numbers.entry((file, facts.choice)).or_insert_with(|| {
                choices.push(ast.branches.choices[facts.choice as usize].alternatives);
                choices.len() as u32 - 1
            });
            let tag = Place { file, span: facts.tag };
            self.branches.push(Branch { parent, choice, alternative: facts.alternative, tag });
            parent = self.branches.len() as u32 - 1;
            self.known.insert((chain, file, own), parent);
        }
        parent
    }

    /// The branches around one, itself first.
    fn outward(&self, branch: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(branch), |b| Some(self.branches[*b as usize].parent)).take_while(|b| *b != 0)
    }
}

/// One way in which the templates may be rendered, as far as somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The branches that are not there.
    absent: Vec<bool>,
    /// The alternatives, by choice; none where nothing was chosen, and everything is there.
    chosen: Vec<Option<u32>>,
}

impl Rendering {
    fn new(templates: &Templates, chosen: Vec<Option<u32>>) -> Rendering {
        let mut absent = vec![false; templates.branches.len()];
        for (i, branch) in templates.branches.iter().enumerate().skip(1) {
            let other = chosen[branch.choice as usize].is_some_and(|a| a != branch.alternative);
            absent[i] = other || absent[branch.parent as usize];
        }
        Rendering { absent, chosen }
    }

    pub(super) fn shows(&self, branch: u32) -> bool {
        !self.absent.get(branch as usize).copied().unwrap_or(false)
    }

    /// The only choice in which two renderings differ.
    fn difference(&self, other: &Rendering) -> Option<u32> {
        let mut all = self.chosen.iter().zip(&other.chosen).enumerate().filter(|(_, (a, b))| a != b);
        let (first, _) = all.next()?;
        all.next().is_none().then_some(first as u32)
    }
}

/// Choices lead to at most this many renderings; past it nobody can say.
const MAX_RENDERINGS: u64 = 128;

/// The choices that count at a place, collected once for each block.
#[derive(Debug, Default)]
pub struct Deciders {
    by_level: HashMap<ScopeId, Vec<u32>>,
}

impl Deciders {
    /// The branches of lines that may decide what becomes of a request at one level.
    fn at(&mut self, config: Config<'_>, level: ScopeId) -> &[u32] {
        self.by_level.entry(level).or_insert_with(|| {
            let inner = |o: &OccId| {
                let kind = config.occ(*o).opens().map(|s| config.scope(s).kind);
                matches!(kind, Some(ScopeKind::LocationIf | ScopeKind::ServerIf | ScopeKind::LimitExcept))
            };
            let blocks: Vec<OccId> = config.blocks(level).filter(inner).collect();
            let within = blocks.iter().filter_map(|o| config.occ(*o).opens()).flat_map(|s| config.own(s));
            let lines = config.own(level).chain(within).filter(|o| decides(config, *o));
            let mut out: Vec<u32> =
                lines.chain(blocks.iter().copied()).map(|o| config.branch(o)).filter(|b| *b != 0).collect();
            out.sort_unstable();
            out.dedup();
            out
        })
    }
}

/// Whether a line may change what becomes of a handshake.
fn decides(config: Config<'_>, occ: OccId) -> bool {
    let directive = config.occ(occ).name;
    let bystander = matches!(
        directive,
        name::PROXY_READ_TIMEOUT
            | name::PROXY_SEND_TIMEOUT
            | name::PROXY_REQUEST_BUFFERING
            | name::LISTEN
            | name::SERVER_NAME
            | name::SSL
            | name::HTTP2
            | name::SSL_CERTIFICATE
            | name::KEEPALIVE
            | name::RESOLVER
            | name::MERGE_SLASHES
            | name::INCLUDE
    );
    interest(directive) != 0 && !bystander
}

/// What may be rendered, and the tag to name where that cannot be looked through.
pub enum Renderings {
    /// Nothing is decided: there is one.
    One,
    /// These.
    Some(Vec<Rendering>),
    /// Too many; the tag of the first choice.
    TooMany(Place),
}

/// The renderings that may differ for requests at these scopes, in which the `fixed` lines are there. With `locations`, those of the blocks around them count as well.
pub fn renderings(
    config: Config<'_>,
    deciders: &mut Deciders,
    scopes: &[ScopeId],
    fixed: &[OccId],
    locations: bool,
) -> Renderings {
    let templates = &config.tree.templates;
    if templates.choices.is_empty() {
        return Renderings::One;
    }
    let mut chosen: Vec<Option<u32>> = vec![None; templates.choices.len()];
    for &occ in fixed {
        for branch in templates.outward(config.branch(occ)) {
            let facts = &templates.branches[branch as usize];
            chosen[facts.choice as usize] = Some(facts.alternative);
        }
    }
    let mut open: Vec<u32> = Vec::new();
    let mut levels: Vec<ScopeId> = scopes.iter().flat_map(|s| config.outward(*s)).collect();
    levels.sort_unstable();
    levels.dedup();
    let mut consider = |branch: u32| {
        for around in templates.outward(branch) {
            let choice = templates.branches[around as usize].choice;
            if chosen[choice as usize].is_none() && !open.contains(&choice) {
                open.push(choice);
            }
        }
    };
    for &level in &levels {
        deciders.at(config, level).iter().for_each(|b| consider(*b));
        if locations && matches!(config.scope(level).kind, ScopeKind::Server | ScopeKind::Location) {
            config.blocks(level).for_each(|o| consider(config.branch(o)));
        }
    }
    if open.is_empty() {
        return match chosen.iter().any(Option::is_some) {
            true => Renderings::Some(vec![Rendering::new(templates, chosen)]),
            false => Renderings::One,
        };
    }
    open.sort_unstable();
    let count = open.iter().try_fold(1u64, |n, c| n.checked_mul(u64::from(templates.choices[*c as usize])));
    if count.is_none_or(|n| n > MAX_RENDERINGS) {
        return Renderings::TooMany(config.tag_of(open[0]));
    }
    let mut out = Vec::new();
    let mut counter = vec![0u32; open.len()];
    loop {
        let mut one = chosen.clone();
        for (choice, alternative) in open.iter().zip(&counter) {
            one[*choice as usize] = Some(*alternative);
        }
        out.push(Rendering::new(templates, one));
        let mut at = 0;
        loop {
            let Some(digit) = counter.get_mut(at) else { return Renderings::Some(out) };
            *digit += 1;
            if *digit < templates.choices[open[at] as usize] {
                break;
            }
            *digit = 0;
            at += 1;
        }
    }
}

/// The tag that decides between renderings whose results differ.
pub fn decider<T: PartialEq>(config: Config<'_>, renderings: &[Rendering], results: &[T]) -> Option<Place> {
    let first = results.first()?;
    for (i, one) in renderings.iter().enumerate() {
        for (j, other) in renderings.iter().enumerate().skip(i + 1) {
            if results.get(i) != results.get(j)
                && let Some(choice) = one.difference(other)
            {
                return Some(config.tag_of(choice));
            }
        }
    }
    results.iter().any(|r| r != first).then(|| config.tag_of(0))
}

/// Renderings without lines that a template may leave out: each without those of one choice, and one without those
/// of all. At most 32: past it nobody looks.
pub fn without(config: Config<'_>, lines: impl Iterator<Item = OccId>) -> Vec<Rendering> {
    let templates = &config.tree.templates;
    let mut choices: Vec<u32> = Vec::new();
    for branch in lines.flat_map(|o| config.branches_around(o)) {
        let choice = templates.branches[branch as usize].choice;
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    let count = |choice: &u32| templates.choices[*choice as usize];
    if choices.iter().map(count).sum::<u32>() > 32 {
        return Vec::new();
    }
    let blank = || vec![None; templates.choices.len()];
    let one = |choice: u32, alternative: u32| {
        let mut chosen = blank();
        chosen[choice as usize] = Some(alternative);
        chosen
    };
    let each = choices.iter().flat_map(|c| (0..count(c)).map(move |alternative| one(*c, alternative)));
    let mut all: Vec<Vec<Option<u32>>> = each.collect();
    if choices.len() > 1 {
        let mut none = blank();
        // The last alternative is the one without any of its lines.
        choices.iter().for_each(|c| none[*c as usize] = Some(count(c) - 1));
        all.push(none);
    }
    all.into_iter().map(|chosen| Rendering::new(templates, chosen)).collect()
}

impl<'a> Config<'a> {
    /// The branch of a template that an occurrence stands in; 0 is none.
    pub fn branch(self, occ: OccId) -> u32 {
        self.tree.templates.of(occ)
    }

    /// Whether an occurrence is not there in every rendering in which the block around it is.
    pub fn is_branched(self, occ: OccId) -> bool {
        let branch = self.branch(occ);
        branch != 0 && branch != self.scope(self.occ(occ).scope).opened_by.map_or(0, |o| self.branch(o))
    }

    /// Whether an occurrence, or a block around it, is there only in some renderings.
    pub fn is_in_template_branch(self, occ: OccId) -> bool {
        !self.tree.templates.of.is_empty()
            && (self.branch(occ) != 0
                || self
                    .outward(self.occ(occ).scope)
                    .any(|s| self.scope(s).opened_by.is_some_and(|o| self.branch(o) != 0)))
    }

    /// The branches that an occurrence stands in, with those of the blocks around it.
    fn branches_around(self, occ: OccId) -> Vec<u32> {
        let blocks = self.outward(self.occ(occ).scope).filter_map(|s| self.scope(s).opened_by);
        let all = [occ].into_iter().chain(blocks).map(|o| self.branch(o)).filter(|b| *b != 0);
        all.flat_map(|b| self.tree.templates.outward(b)).collect()
    }

    /// The tag of the branch that an occurrence, or a block around it, stands in.
    pub fn branch_tag(self, occ: OccId) -> Option<Place> {
        self.branches_around(occ).first().map(|b| self.tree.templates.branches[*b as usize].tag)
    }

    /// Whether two occurrences are there together in any rendering.
    pub fn may_stand_together(self, one: OccId, other: OccId) -> bool {
        let facts = |b: u32| &self.tree.templates.branches[b as usize];
        let others = self.branches_around(other);
        !self.branches_around(one).into_iter().any(|a| {
            let a = facts(a);
            others.iter().map(|b| facts(*b)).any(|b| a.choice == b.choice && a.alternative != b.alternative)
        })
    }

    /// The tag of the first branch of a choice.
    fn tag_of(self, choice: u32) -> Place {
        let branches = &self.tree.templates.branches;
        let found = branches.iter().skip(1).find(|b| b.choice == choice).or(branches.last());
        found.map_or(Place { file: FileId(0), span: crate::source::Span::at(0) }, |b| b.tag)
    }

    /// The same configuration in one rendering.
    pub fn rendered(self, rendering: Option<&'a Rendering>) -> Config<'a> {
        Config { rendering, ..self }
    }

    /// Whether anything is decided when the files are rendered.
    pub fn has_branches(self) -> bool {
        !self.tree.templates.choices.is_empty()
    }

    /// The tag, a word with a placeholder or a line that is one, that keeps a scope undecided.
    pub fn undecided_by(self, scope: ScopeId) -> Option<Place> {
        for level in self.outward(scope) {
            let Scope { unresolved, optional, opened_by, .. } = *self.scope(level);
            if optional {
                let file = opened_by.map_or(self.tree.chains[0].file, |o| self.file(o));
                return self.ast(file).first_tag.map(|span| Place { file, span });
            }
            if !unresolved {
                continue;
            }
            if let Some(hole) = self.own(level).chain(self.blocks(level)).find(|o| self.is_hole(*o)) {
                return Some(self.place(hole, self.directive(hole).span()));
            }
        }
        None
    }

    /// Whether a template stands for lines that nobody sees: those may give what is missing.
    pub fn hides_lines(self) -> bool {
        let template = |file: FileId| self.ast(file).template;
        self.tree.chains.iter().any(|c| template(c.file) == Template::Unread)
            || self.occs().any(|(o, _)| template(self.file(o)) == Template::Control && self.is_hole(o))
    }

    /// Whether a line stands for lines that nobody sees.
    pub fn is_hole(self, occ: OccId) -> bool {
        let name = self.directive(occ).name().span();
        crate::syntax::template::is_open(&self.bytes(occ)[name.range()])
    }
}
