//! Which files of a directory are nginx configurations.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::carrier::Carrier;
use super::dump::is_dump;
use super::fs::{Met, Visitor};
use super::sniff::{NameSays, is_nginx, may_go_on, name_says};
use super::{FileSystem, normalise};

/// Directories that hold no configuration of this project.
const PASSED_OVER: &[&str] = &[".git", ".hg", ".svn", "node_modules", "target", ".venv", "__pycache__", ".terraform"];

/// What a file is shows within so many bytes; most files are something else, and show it much earlier.
const HEAD: usize = 256 << 10;
const GLANCE: usize = 4 << 10;

/// Why a file with the name of a configuration was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassedOver {
    /// Its content is no nginx configuration.
    NotNginx,
    /// `exclude` in `wslint.toml` names it.
    Excluded,
    /// A `.gitignore` or `.ignore` names it.
    Ignored,
    /// It cannot be read.
    Unreadable,
    /// A symbolic link that leads back into its own directory.
    Loop,
    /// A symbolic link that leads nowhere.
    Dangling,
    /// A symbolic link that leads out of the project.
    Outside,
}

/// What a walk through a directory found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Configurations, sorted.
    pub files: Vec<PathBuf>,
    /// Outputs of `nginx -T`, sorted.
    pub dumps: Vec<PathBuf>,
    /// Documents, manifests and scripts that may hold configurations, sorted.
    pub carriers: Vec<(PathBuf, Carrier)>,
    /// What looked like one by its name, sorted.
    pub passed_over: Vec<(PathBuf, PassedOver)>,
}

/// What a walk leaves out beside the directories that never hold configurations.
#[derive(Clone, Copy, Debug)]
pub struct LeaveOut<'a> {
    /// Patterns over paths below `base`, written as in a `.gitignore`.
    pub exclude: &'a [String],
    /// The directory that the patterns are about.
    pub base: &'a Path,
    /// Also what the project's `.gitignore` and `.ignore` files name.
    pub ignored: bool,
    /// Also files that may hold configurations inside them.
    pub carriers: bool,
}

/// The configurations below a directory: by name, and by a look at the content. Links are followed
/// as far as `fs` lets them.
pub fn discover(fs: &dyn FileSystem, folder: &Path, leave_out: LeaveOut<'_>) -> Found {
    let real = |p: &Path| fs.canonicalize(if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let real_folder = real(folder).unwrap_or_else(|_| folder.to_owned());
    let base = real(leave_out.base).unwrap_or_else(|_| leave_out.base.to_owned());
    let mut search = Search {
        fs,
        folder,
        excluded: patterns(&base, leave_out.exclude.iter().map(String::as_str)),
        ignored: Vec::new(),
        reads_ignores: false,
        looks_into: leave_out.carriers,
        real_folder,
        out: Found::default(),
    };
    if leave_out.ignored {
        search.enter_project();
    }
    fs.walk(folder, &mut search);
    search.out
}

/// The patterns of one file, or of `exclude`; a line that is no pattern matches nothing.
fn patterns<'l>(base: &Path, lines: impl Iterator<Item = &'l str>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(base);
    for line in lines {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// The state of a walk.
struct Search<'a> {
    fs: &'a dyn FileSystem,
    folder: &'a Path,
    /// The same without links: what patterns are asked about.
    real_folder: PathBuf,
    excluded: Gitignore,
    /// The patterns of the directories in which the walk is, the innermost last.
    ignored: Vec<(PathBuf, Gitignore)>,
    /// The folder lies in a git repository, whose ignore files count.
    reads_ignores: bool,
    /// Files are opened in search of configurations inside them.
    looks_into: bool,
    out: Found,
}

impl Search<'_> {
    /// Reads the ignore files of the directories from the project's root down to the one walked through.
    fn enter_project(&mut self) {
        let around: Vec<PathBuf> = self.real_folder.ancestors().map(Path::to_owned).collect();
        let root = around.iter().position(|dir| self.fs.kind(&dir.join(".git")).is_ok());
        self.reads_ignores = root.is_some();
        for dir in around[..root.map_or(0, |n| n + 1)].iter().skip(1).rev() {
            self.read_ignores(dir);
        }
    }

    fn read_ignores(&mut self, dir: &Path) {
        let mut text = String::new();
        for name in [".gitignore", ".ignore"] {
            if let Ok(bytes) = self.fs.read(&dir.join(name)) {
                text.push_str(&String::from_utf8_lossy(&bytes));
                text.push('\n');
            }
        }
        if !text.is_empty() {
            self.ignored.push((dir.to_owned(), patterns(dir, text.lines())));
        }
    }

    fn is_ignored(&self, real: &Path, is_folder: bool) -> bool {
        let said = |(dir, patterns): &(PathBuf, Gitignore)| {
            let said = if real.starts_with(dir) { patterns.matched(real, is_folder) } else { Match::None };
            (!said.is_none()).then(|| said.is_ignore())
        };
        self.ignored.iter().rev().find_map(said).unwrap_or(false)
    }

    /// Decides by content what a file is, with its name as a hint.
    fn look_at(&mut self, path: &Path, says: NameSays) {
        if let Some(carrier) = Carrier::named(path) {
            return self.look_into(path, carrier);
        }
        if says == NameSays::Other {
            return;
        }
        let glance = if says == NameSays::Nginx { HEAD } else { GLANCE };
        let mut read = self.fs.head(path, glance);
        // What begins with a page of comments shows nothing yet.
        if says == NameSays::Nothing && read.as_ref().is_ok_and(|b| b.len() == GLANCE && may_go_on(b)) {
            read = self.fs.head(path, HEAD);
        }
        let by_head = read.as_ref().ok().filter(|bytes| !is_dump(bytes)).and_then(|bytes| Carrier::by_head(bytes));
        if let Some(carrier) = by_head {
            return self.look_into(path, carrier);
        }
        match read {
            Ok(bytes) if is_dump(&bytes) => self.out.dumps.push(normalise(path)),
            Ok(bytes) if is_nginx(&bytes, says == NameSays::Nginx) => self.out.files.push(normalise(path)),
            _ if says == NameSays::Nothing => {}
            Ok(_) => self.pass_over(path, PassedOver::NotNginx),
            Err(_) => self.pass_over(path, PassedOver::Unreadable),
        }
    }

    /// Cheap signs first: most documents and manifests have nothing to do with nginx.
    fn look_into(&mut self, path: &Path, carrier: Carrier) {
        if self.looks_into && self.fs.read(path).is_ok_and(|bytes| Carrier::may_hold(&bytes)) {
            self.out.carriers.push((normalise(path), carrier));
        }
    }

    fn pass_over(&mut self, path: &Path, why: PassedOver) {
        self.out.passed_over.push((normalise(path), why));
    }
}

impl Visitor for Search<'_> {
    fn meet(&mut self, path: &Path, met: Met) -> bool {
        let inside = path.strip_prefix(self.folder).unwrap_or(path);
        let real = self.real_folder.join(inside);
        let is_top = inside.as_os_str().is_empty();
        let is_folder = matches!(met, Met::Folder | Met::LinkToFolder);
        self.ignored.truncate(self.ignored.partition_point(|(dir, _)| real.starts_with(dir)));
        if !is_top {
            let never = is_folder && path.file_name().is_some_and(|name| PASSED_OVER.iter().any(|p| name == *p));
            let excluded = !never && real.starts_with(self.excluded.path()) && {
                self.excluded.matched(&real, is_folder).is_ignore()
            };
            let ignored = !never && !excluded && self.is_ignored(&real, is_folder);
            let has_the_name = || name_says(path) == NameSays::Nginx;
            if excluded && (is_folder || has_the_name()) {
                self.pass_over(path, PassedOver::Excluded);
            } else if ignored && !is_folder && has_the_name() {
                self.pass_over(path, PassedOver::Ignored);
            }
            if never || excluded || ignored {
                return false;
            }
        }
        match met {
            Met::Folder | Met::LinkToFolder => {
                if self.reads_ignores {
                    self.read_ignores(&real);
                }
                return true;
            }
            Met::Loop => self.pass_over(path, PassedOver::Loop),
            Met::Unreadable => self.pass_over(path, PassedOver::Unreadable),
            Met::Dangling if name_says(path) == NameSays::Nginx => self.pass_over(path, PassedOver::Dangling),
            Met::Dangling => {}
            Met::Outside if name_says(path) == NameSays::Other => {}
            Met::Outside => self.pass_over(path, PassedOver::Outside),
            Met::File | Met::LinkToFile => self.look_at(path, name_says(path)),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemFs;

    #[test]
    fn what_is_excluded_or_ignored_is_passed_over() {
        let text = b"server { listen 80; }\n";
        let paths =
            ["vendored/a/b.conf", "x/vendored/b.conf", "test/x.conf", "y/test/x.conf", "build/z.conf", "keep.conf"];
        let files = paths.iter().map(|p| (Path::new("/p").join(p), text.to_vec()));
        let more = [("/p/.git/HEAD".into(), Vec::new()), ("/p/.gitignore".into(), b"build/\n".to_vec())];
        let fs = MemFs::new(files.chain(more));
        let found = |exclude: &[&str], ignored: bool| {
            let exclude: Vec<String> = exclude.iter().map(|e| (*e).to_owned()).collect();
            let found = discover(
                &fs,
                Path::new("/p"),
                LeaveOut { exclude: &exclude, base: Path::new("/p"), ignored, carriers: true },
            );
            let name = |p: &PathBuf| p.strip_prefix("/p").unwrap().to_str().unwrap().replace('\\', "/");
            found.files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(found(&[], false).len(), 6);
        assert_eq!(found(&[], true).len(), 5);
        assert_eq!(found(&["vendored"], true), ["keep.conf", "test/x.conf", "y/test/x.conf"]);
        assert_eq!(found(&["vendored/**"], true), ["keep.conf", "test/x.conf", "x/vendored/b.conf", "y/test/x.conf"]);
        assert_eq!(found(&["**/test/*.conf", "vendored/*"], true), ["keep.conf", "x/vendored/b.conf"]);
        assert_eq!(found(&["["], true).len(), 5);
    }

    #[test]
    fn who_leaves_out_what_is_told() {
        let text = b"server { listen 80; }\n".to_vec();
        let names = ["build/z.conf", "old.conf", "notes.md", "x/y.conf", "apart.conf", "apart.md", "keep.conf"];
        let files = names.iter().map(|name| (Path::new("/p").join(name), text.clone()));
        let ignores = b"build/\nold.conf\nnotes.md\n".to_vec();
        let fs = MemFs::new(files.chain([("/p/.git/HEAD".into(), Vec::new()), ("/p/.gitignore".into(), ignores)]));
        let exclude = ["x", "apart.*"].map(str::to_owned);
        let leave_out = LeaveOut { exclude: &exclude, base: Path::new("/p"), ignored: true, carriers: false };
        let found = discover(&fs, Path::new("/p"), leave_out);
        assert_eq!(found.files, [PathBuf::from("/p/keep.conf")]);
        // A folder that is excluded is told as one; what git ignores only where it is called like a configuration.
        let told = [
            ("/p/apart.conf", PassedOver::Excluded),
            ("/p/old.conf", PassedOver::Ignored),
            ("/p/x", PassedOver::Excluded),
        ];
        assert_eq!(found.passed_over, told.map(|(path, why)| (PathBuf::from(path), why)));
    }

    #[test]
    fn what_a_file_is_is_decided_by_name_and_content() {
        let fs = MemFs::new(
            [
                ("app.py", "server { listen 80; }\n"),
                ("late", &*format!("{}server {{\n listen 80;\n}}\n", "# a page of comments\n".repeat(600))),
                ("notes", "server { listen 80; }\n"),
                ("other.conf", "[a]\nb = c\n"),
                ("README.md", "```nginx\nserver {\n listen 80;\n proxy_pass http://a;\n}\n```\n"),
                ("rendered.conf.tpl", "cat <<E\nserver {\n listen 80;\n proxy_pass http://a;\n}\nE\n"),
                ("run", "#!/bin/sh\ncat >x <<E\nproxy_pass http://a;\nE\n"),
                ("quiet.md", "nothing\n"),
                ("words", "some words\n"),
                ("dump", "# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp { }\n"),
                ("node_modules/x.conf", "server { listen 80; }\n"),
            ]
            .map(|(name, text)| (Path::new("/p").join(name), text.as_bytes().to_vec())),
        );
        let found = |carriers: bool| {
            let leave_out = LeaveOut { exclude: &[], base: Path::new("/p"), ignored: false, carriers };
            discover(&fs, Path::new("/p"), leave_out)
        };
        let all = found(true);
        let name = |p: &Path| p.strip_prefix("/p").unwrap().to_str().unwrap().to_owned();
        assert_eq!(all.files.iter().map(|p| name(p)).collect::<Vec<_>>(), ["late", "notes"]);
        assert_eq!(all.dumps.iter().map(|p| name(p)).collect::<Vec<_>>(), ["dump"]);
        let carriers: Vec<_> = all.carriers.iter().map(|(p, c)| (name(p), *c)).collect();
        let script = |name: &str| (name.to_owned(), Carrier::Script);
        let readme = ("README.md".to_owned(), Carrier::Markdown);
        assert_eq!(carriers, [readme, script("rendered.conf.tpl"), script("run")]);
        assert_eq!(all.passed_over, [(PathBuf::from("/p/other.conf"), PassedOver::NotNginx)]);
        assert!(found(false).carriers.is_empty());
    }

    #[test]
    fn no_pattern_takes_long() {
        let deep = "d/".repeat(30);
        let fs = MemFs::new([(PathBuf::from(format!("/p/{deep}x.conf")), b"server { listen 80; }\n".to_vec())]);
        let exclude = vec![format!("{}nothing", "**/".repeat(20))];
        let found = discover(
            &fs,
            Path::new("/p"),
            LeaveOut { exclude: &exclude, base: Path::new("/p"), ignored: false, carriers: true },
        );
        assert_eq!(found.files.len(), 1);
    }
}
