//! Constructs of a template that stand around whole directives: which of them are rendered together.

use crate::source::Span;

/// One alternative of a construct, or the body of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The branch around it; 0 is outside any.
    pub parent: u32,
    /// The number of what is chosen: constructs with the same conditions have the same.
    pub choice: u32,
    /// Which of its alternatives this is.
    pub alternative: u32,
    /// The tag that it begins with.
    pub tag: Span,
}

/// One thing that is decided when the template is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// How many alternatives there are, “nothing of it” included.
    pub alternatives: u32,
    /// The tag that opens the first construct of its kind.
    pub tag: Span,
}

/// All branches of a file.
#[derive(Debug, Default)]
pub struct Branches {
    /// By their numbers; the first is the file itself.
    list: Vec<Branch>,
    /// What is chosen, by number.
    pub choices: Vec<Choice>,
    /// From which offset on which branch holds, sorted.
    marks: Vec<(u32, u32)>,
    /// Whether a branch is one: a construct that was not closed, or cuts through directives, is none.
    live: Vec<bool>,
}

impl Branches {
    /// Whether nothing is decided when the file is rendered.
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// The branch in which an offset lies; 0 is outside any.
    pub fn at(&self, offset: u32) -> u32 {
        if self.choices.is_empty() {
            return 0;
        }
        let behind = self.marks.partition_point(|(start, _)| *start <= offset);
        behind.checked_sub(1).map_or(0, |i| self.marks[i].1)
    }

    /// A branch by its number, which is not 0.
    pub fn get(&self, branch: u32) -> Branch {
        self.list[branch as usize]
    }

    pub(super) fn add(&mut self, parent: u32, tag: Span) -> u32 {
        if self.list.is_empty() {
            self.list.push(Branch { parent: 0, choice: 0, alternative: 0, tag: Span::new(0, 0) });
            self.live.push(true);
        }
        self.list.push(Branch { parent, choice: 0, alternative: 0, tag });
        self.live.push(false);
        self.list.len() as u32 - 1
    }

    pub(super) fn decide(&mut self, branch: u32, choice: u32, alternative: u32) {
        let branch = branch as usize;
        (self.list[branch].choice, self.list[branch].alternative) = (choice, alternative);
        self.live[branch] = true;
    }

    pub(super) fn mark(&mut self, offset: usize, branch: u32) {
        self.marks.push((offset as u32, branch));
    }

    /// What is no branch is part of the one around it. Outer branches have smaller numbers.
    pub(super) fn settle(&mut self) {
        let mut of: Vec<u32> = Vec::with_capacity(self.list.len());
        for (i, branch) in self.list.iter_mut().enumerate() {
            let parent = if i == 0 { 0 } else { of[branch.parent as usize] };
            branch.parent = parent;
            of.push(if self.live[i] { i as u32 } else { parent });
        }
        for mark in &mut self.marks {
            mark.1 = of.get(mark.1 as usize).copied().unwrap_or(0);
        }
    }
}
