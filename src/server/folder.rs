//! One folder of the editor, or the files of a directory that lies in none: its project, kept up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::client::Wishes;
use super::documents::Documents;
use crate::engine::{Baseline, Options};
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::project::{Asked, Input, Problem, Session, SettingsFrom, Standing};
use crate::settings::{NAME, Settings};
use crate::source::{Carrier, FileId, FileSystem, OsFs, PassedOver, Rooted, is_dump, normalise, stamp};

/// Where a folder lies, and how much of it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    /// Absolute, as the client writes it.
    pub root: PathBuf,
    /// All configurations in it are looked at, and not only what is open.
    pub walks: bool,
}

impl Ground {
    /// A folder of the client. A whole disk, or a home, is no project: there, only what is open is looked at.
    pub fn of_client(root: PathBuf) -> Ground {
        let home = ["HOME", "USERPROFILE"].iter().filter_map(std::env::var_os).map(PathBuf::from);
        let walks = root.parent().is_some() && !home.into_iter().any(|h| h == root);
        Ground { root, walks }
    }
}

/// What has happened since the last check.
#[derive(Clone, Debug, Default)]
struct Stale {
    /// Everything has to be looked at: files may have come, gone and changed.
    files: bool,
    /// These hold other text.
    texts: BTreeSet<PathBuf>,
    /// What is asked for has changed.
    options: bool,
}

/// A folder with its project.
pub(super) struct Folder<'d> {
    /// Where it lies.
    pub ground: Ground,
    disk: &'d Rooted<OsFs>,
    standing: Option<Standing<'d>>,
    /// What the last check was made with.
    settings: Option<(Settings, Baseline)>,
    options: Options,
    /// Open files that a walk does not find.
    also: BTreeSet<PathBuf>,
    stale: Stale,
    /// Why it cannot be checked: the file that says so, and what is wrong.
    pub problem: Option<(PathBuf, Text)>,
    /// What was told of each file, by its address.
    pub told: BTreeMap<String, u64>,
    /// When the files that are known last changed on the disk.
    stamp: u64,
}

impl<'d> Folder<'d> {
    /// Nothing is read yet.
    pub fn new(ground: Ground, disk: &'d Rooted<OsFs>) -> Folder<'d> {
        Folder {
            ground,
            disk,
            standing: None,
            settings: None,
            options: Options::default(),
            also: BTreeSet::new(),
            stale: Stale { files: true, ..Stale::default() },
            problem: None,
            told: BTreeMap::new(),
            stamp: 0,
        }
    }

    /// A file as its project calls it: relative where it lies in the folder.
    pub fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.ground.root).unwrap_or(path).to_owned()
    }

    /// The absolute path of a file of the project.
    pub fn outside(&self, path: &Path) -> PathBuf {
        normalise(&self.ground.root.join(path))
    }

    /// The project as it was checked last.
    pub fn standing(&self) -> Option<&Standing<'d>> {
        self.standing.as_ref()
    }

    /// The same, to look into.
    pub fn standing_mut(&mut self) -> Option<&mut Standing<'d>> {
        self.standing.as_mut()
    }

    /// What checks are made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The number that a file has in the project; where it holds several configurations, that of all of it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        let standing = self.standing.as_ref()?;
        standing.file(&self.inside(path)).map(|file| standing.sources().carrier(file))
    }

    /// The text of an open document is another one.
    pub fn text_changed(&mut self, path: &Path) {
        self.stale.texts.insert(path.to_owned());
    }

    /// Files may have come, gone or changed.
    pub fn files_changed(&mut self) {
        self.stale.files = true;
    }

    /// What is asked for has changed.
    pub fn options_changed(&mut self) {
        self.stale.options = true;
    }

    /// Whether there is anything to check.
    pub fn is_stale(&self) -> bool {
        self.stale.files || self.stale.options || !self.stale.texts.is_empty()
    }

    /// A panic may have left anything behind: the next check begins with nothing.
    pub fn forget(&mut self) {
        self.standing = None;
        self.settings = None;
        self.stale = Stale { files: true, ..Stale::default() };
    }

    /// Whether a change of this file on the disk may matter.
    pub fn minds(&self, path: &Path, content_only: bool) -> bool {
        let by_name = path.file_name().is_some_and(|n| n == NAME || n == ".gitignore");
        let is_baseline = || {
            let named = self.settings.as_ref().and_then(|(s, _)| s.baseline.as_ref());
            named.is_some_and(|b| self.outside(b) == path)
        };
        let aside = |c: &std::ffi::OsStr| c == ".git" || c == "node_modules" || c == "target";
        let inside = self.inside(path);
        by_name
            || Carrier::named(path).is_some()
            || self.file(path).is_some()
            || is_baseline()
            || !content_only && !inside.components().any(|c| aside(c.as_os_str()))
    }

    /// Whether what is known of the disk has changed since the last time that somebody asked: for clients
    /// that watch no files.
    pub fn has_moved(&mut self) -> bool {
        let now = self.stamp_now();
        std::mem::replace(&mut self.stamp, now) != now
    }

    fn stamp_now(&self) -> u64 {
        let Some(standing) = &self.standing else { return 0 };
        let mut paths: BTreeSet<PathBuf> = BTreeSet::from([self.outside(Path::new(NAME))]);
        for (_, file) in standing.sources().iter() {
            let path = self.outside(&file.path);
            // A directory changes when files come and go.
            paths.extend(path.parent().map(Path::to_owned));
            paths.insert(path);
        }
        stamp(paths.iter().map(PathBuf::as_path))
    }

    /// Checks what has changed.
    pub fn update(&mut self, documents: &Documents, wishes: &Wishes) {
        if !self.is_stale() {
            return;
        }
        let stale = std::mem::take(&mut self.stale);
        // In a page around configurations, a keystroke may begin one or end one.
        let pages = stale.texts.iter().any(|path| is_page(documents, path));
        if stale.files || stale.options || self.standing.is_none() || pages {
            self.open(documents, wishes);
        } else {
            for path in &stale.texts {
                let text = documents.get(path).map(|d| d.text.clone());
                let path = self.inside(path);
                if let (Some(standing), Some(text)) = (&mut self.standing, text) {
                    standing.set_text(&path, text);
                }
            }
        }
        let was_there = self.standing.is_some();
        self.check();
        // A file that is gone without anybody having said so: what is there is looked for anew.
        let broke = was_there && self.standing.is_none();
        if broke {
            self.open(documents, wishes);
            self.check();
        }
        if self.cover(documents) {
            self.open(documents, wishes);
            self.check();
        }
        if stale.files || broke {
            self.stamp = self.stamp_now();
        }
    }

    /// Looks for what is there, with the settings that there are now.
    fn open(&mut self, documents: &Documents, wishes: &Wishes) {
        self.problem = None;
        self.disk.forget();
        self.also.retain(|path| documents.get(path).is_some());
        if let Err(problem) = self.try_open(documents, wishes) {
            self.fail(&problem);
        }
    }

    fn try_open(&mut self, documents: &Documents, wishes: &Wishes) -> Result<(), Problem> {
        let mut session = Session::new(self.disk, &SettingsFrom::Project)?;
        for (path, document) in documents.iter() {
            session.set_text(&self.inside(path), Some(document.text.clone()));
        }
        let baseline = session.baseline(None)?;
        let mut options = session.options()?;
        if let Some(versions) = wishes.nginx_version.as_deref().and_then(|text| Versions::parse(text).ok()) {
            options.versions = versions;
        }
        options.baseline = baseline.clone();
        options.jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let unread = |path: &&PathBuf| session.settings().carriers == Some(false) && is_page(documents, path);
        let also: Vec<PathBuf> = self.also.iter().filter(|p| !unread(p)).map(|p| self.inside(p)).collect();
        let asked = match self.ground.walks {
            true => Asked { also, ..Asked::default() },
            false if also.is_empty() => {
                self.standing = None;
                return Ok(());
            }
            false => Asked { inputs: also.iter().cloned().map(Input::Path).collect(), also, ..Asked::default() },
        };
        let subject = session.open(&asked)?;
        let now = (session.settings().clone(), baseline);
        let same = self.settings.as_ref() == Some(&now) && self.options.versions == options.versions;
        match &mut self.standing {
            Some(standing) if same => standing.reopen(subject),
            _ => self.standing = Some(Standing::new(subject, &options)),
        }
        self.settings = Some(now);
        self.options = options;
        Ok(())
    }

    fn check(&mut self) {
        if let Some(Err(problem)) = self.standing.as_mut().map(Standing::check) {
            self.fail(&problem);
        }
    }

    /// Without a configuration there is nothing to say; anything else is told.
    fn fail(&mut self, problem: &Problem) {
        self.standing = None;
        if !matches!(problem, Problem::NothingIn(..)) {
            let settings = self.outside(Path::new(NAME));
            self.problem = Some((settings, problem.text()));
        }
    }

    /// Open documents of this folder that the check did not come upon are looked at, too; whether there are
    /// new ones. What the project excludes stays out, and a dump is no file to edit.
    fn cover(&mut self, documents: &Documents) -> bool {
        if self.problem.is_some() {
            return false;
        }
        let all =
            |s: &Standing<'_>| s.checked().files.iter().map(|(file, _)| s.sources().carrier(*file)).collect::<Vec<_>>();
        let seen: BTreeSet<FileId> = self.standing.iter().flat_map(all).collect();
        let walked = self.standing.as_ref().and_then(|s| s.subject().walked());
        let excluded: Vec<PathBuf> = walked.map_or_else(Vec::new, |found| {
            let out = found.passed_over.iter().filter(|(_, why)| *why == PassedOver::Excluded);
            out.map(|(path, _)| self.outside(path)).collect()
        });
        let mut new = Vec::new();
        for (path, document) in documents.iter().filter(|(p, _)| p.starts_with(&self.ground.root)) {
            let is_settings = path.extension().is_some_and(|e| e == "toml");
            let known = self.also.contains(path) || self.file(path).is_some_and(|file| seen.contains(&file));
            if !known && !is_settings && !is_dump(&document.text) && !excluded.iter().any(|e| path.starts_with(e)) {
                new.push(path.clone());
            }
        }
        let any = !new.is_empty();
        self.also.extend(new);
        any
    }

    /// The bytes that a file holds now, unsaved text over the disk.
    pub fn text(&self, path: &Path) -> Option<Vec<u8>> {
        let path = self.inside(path);
        self.standing.as_ref().map_or_else(|| self.disk.read(&path).ok(), |s| s.text(&path))
    }
}

/// Whether a document is of a kind that holds configurations, rather than being one.
fn is_page(documents: &Documents, path: &Path) -> bool {
    let head = || documents.get(path).and_then(|d| Carrier::by_head(&d.text));
    Carrier::named(path).or_else(head).is_some()
}
