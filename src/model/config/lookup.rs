//! Where nginx would find an include, and which of that may be read (`ngx_conf_include`,
//! core/ngx_conf_file.c; `ngx_conf_full_name`).

use std::path::{Path, PathBuf};

use crate::catalog::{Shipped, shipped};
use crate::source::{FileId, FileKind, expand_glob, glob_match, is_glob, is_outside, lies_in, normalise};
use crate::syntax::Files;

/// Directories of a machine's own configuration, in which an absolute include is read as it stands.
pub const WELL_KNOWN: &[&str] = &[
    "/etc/nginx",
    "/usr/local/nginx/conf",
    "/usr/local/etc/nginx",
    "/opt/homebrew/etc/nginx",
    "/usr/local/openresty/nginx/conf",
    // The panels of BT (aaPanel) and 1Panel.
    "/www/server/nginx/conf",
    "/opt/1panel/apps/openresty/openresty/conf",
];

/// Where panels keep what their main file includes, and the directory of that file.
const VHOSTS: &[(&str, &str)] = &[
    ("/www/server/panel/vhost", "/www/server/nginx/conf"),
    ("/opt/1panel", "/opt/1panel/apps/openresty/openresty/conf"),
];

/// Where includes are sought.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Every file that nginx reads is there: a pattern that nothing matches is empty.
    pub complete: bool,
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

/// What an include leads to.
pub(super) enum Target {
    /// A file of the file system.
    File(PathBuf),
    /// A file that nginx or a distribution ships: its path, and what stands in it.
    Shipped(PathBuf, &'static str),
}

/// The files that an include argument names.
pub(super) fn resolve(
    files: &Files<'_>,
    lookup_in: &Lookup,
    from: FileId,
    argument: &[u8],
) -> Result<Vec<Target>, (IncludeProblem, PathBuf)> {
    let text = String::from_utf8_lossy(argument).into_owned();
    let argument_path = bytes_path(argument);
    let glob = is_glob(argument);
    let bases: Vec<PathBuf> = match &argument_path {
        path if path.has_root() => match map_absolute(files, lookup_in, path) {
            Some(path) => vec![path],
            None => return shipped_or(&text, IncludeProblem::Outside, argument_path.clone()),
        },
        // nginx for Windows reads it; this machine has no such drive.
        _ if has_drive(argument) && !argument_path.has_root() => {
            return shipped_or(&text, IncludeProblem::Missing, argument_path.clone());
        }
        // What stands in a block lies on the machine of which its file tells, not beside that file.
        path if lookup_in.fragment && files.block(from).is_some() => {
            let inside = |dir: &&Path| dir.starts_with(&lookup_in.project);
            lookup_in.root_dir.ancestors().take_while(inside).map(|dir| dir.join(path)).collect()
        }
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
            match files.fs().kind(&path) {
                Ok(FileKind::Directory) => return Err((IncludeProblem::Directory, path)),
                Ok(_) if !allowed(files, lookup_in, &path) => outside = true,
                Ok(_) => return Ok(vec![Target::File(path)]),
                Err(e) => outside |= is_outside(&e),
            }
            continue;
        }
        let found = expand_glob(files.fs(), &path).unwrap_or_default();
        let (inside, refused): (Vec<_>, Vec<_>) =
            found.into_iter().map(|p| normalise(&p)).partition(|p| allowed(files, lookup_in, p));
        let folder_is_out = || path.parent().is_some_and(|p| files.fs().kind(p).is_err_and(|e| is_outside(&e)));
        outside |= !refused.is_empty() || folder_is_out();
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
        let folder_is_missing = (argument_path.has_root() || files.block(from).is_some())
            && !lookup_in.complete
            && first
                .parent()
                .is_some_and(|p| !is_glob(p.as_os_str().as_encoded_bytes()) && files.fs().kind(p).is_err());
        return if folder_is_missing { shipped_or(&text, IncludeProblem::Missing, first) } else { Ok(Vec::new()) };
    }
    shipped_or(&text, IncludeProblem::Missing, first)
}

/// The files on the disk that an include argument names, for who wants to go there.
pub fn leads_to(files: &Files<'_>, lookup_in: &Lookup, from: FileId, argument: &[u8]) -> Vec<PathBuf> {
    let found = resolve(files, lookup_in, from, argument).unwrap_or_default();
    let path = |target| match target {
        Target::File(path) => Some(path),
        Target::Shipped(..) => None,
    };
    found.into_iter().filter_map(path).collect()
}

/// `D:/…`, an absolute path of Windows.
fn has_drive(argument: &[u8]) -> bool {
    matches!(argument, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
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

/// The main configuration of the machine that would include a file in one of the well-known directories.
pub fn main_file_for(path: &Path) -> Option<PathBuf> {
    let of_panel = || VHOSTS.iter().find(|(vhosts, _)| path.starts_with(vhosts)).map(|(_, main)| *main);
    well_known(path).or_else(of_panel).map(|folder| Path::new(folder).join("nginx.conf"))
}

/// Where an absolute include is read from; `None` is nowhere.
fn map_absolute(files: &Files<'_>, lookup_in: &Lookup, path: &Path) -> Option<PathBuf> {
    for (from, to, _) in &lookup_in.map {
        if let Ok(rest) = path.strip_prefix(from) {
            return Some(to.join(rest));
        }
    }
    if well_known(&lookup_in.root_dir).is_some() {
        // The paths of a container lie elsewhere on its host.
        let elsewhere = well_known(path).filter(|w| files.fs().kind(Path::new(w)).is_err());
        let inside = elsewhere.and_then(|w| path.strip_prefix(w).ok());
        return Some(inside.map_or_else(|| path.to_owned(), |rest| lookup_in.root_dir.join(rest)));
    }
    let Some(prefix) = well_known(path) else { return Some(path.to_owned()) };
    let rest = path.strip_prefix(prefix).ok()?;
    let beside = lookup_in.root_dir.join(rest);
    // A template in `rootfs/etc/nginx/templates` includes what lies in `rootfs/etc/nginx`.
    let is_there = |path: &Path| {
        let glob = is_glob(path.as_os_str().as_encoded_bytes());
        let wanted = if glob { path.parent().unwrap_or(path) } else { path };
        files.fs().kind(wanted).is_ok()
    };
    let of_machine = lookup_in.root_dir.ancestors().skip(1).find(|dir| dir.ends_with(&prefix[1..]));
    let found = of_machine.map(|dir| dir.join(rest)).filter(|path| !is_there(&beside) && is_there(path));
    Some(found.unwrap_or(beside))
}

/// Whether a file may be read: it lies in the project (links resolved), the root lies in a
/// well-known directory, or `--map-path` led there.
fn allowed(files: &Files<'_>, lookup_in: &Lookup, path: &Path) -> bool {
    if well_known(&lookup_in.root_dir).is_some()
        || lookup_in.map.iter().any(|(_, to, leave)| *leave && path.starts_with(to))
    {
        return true;
    }
    // What cannot be resolved cannot be read either, and is reported as missing.
    lies_in(files.fs(), path, &lookup_in.project)
}

/// The directory and the ones around it up to the project, the only ones a fragment looks in.
fn upward(files: &Files<'_>, from: &Path, project: &Path) -> Vec<PathBuf> {
    let mut out = vec![from.to_owned()];
    let (Ok(mut real), Ok(project)) = (
        files.fs().canonicalize(if from.as_os_str().is_empty() { Path::new(".") } else { from }),
        files.fs().canonicalize(project),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemFs;

    #[test]
    fn what_lies_deeper_on_a_machine_includes_what_lies_in_its_own_directory() {
        let paths =
            ["etc/nginx/includes/a.conf", "etc/nginx/t/own/b.conf", "etc/nginx/own/b.conf", "etc/nginx/d/c.conf"];
        let fs = MemFs::new(paths.map(|path| (Path::new("/p/rootfs").join(path), Vec::new())));
        let files = Files::new(&fs);
        let led = |root_dir: &str, path: &str| {
            let lookup = Lookup {
                root_dir: root_dir.into(),
                project: "/p".into(),
                map: Vec::new(),
                fragment: true,
                enabled: None,
                complete: false,
            };
            map_absolute(&files, &lookup, Path::new(path)).unwrap()
        };
        for (from, path, want) in [
            ("/p/rootfs/etc/nginx/t", "/etc/nginx/includes/a.conf", "/p/rootfs/etc/nginx/includes/a.conf"),
            ("/p/rootfs/etc/nginx/t", "/etc/nginx/d/*.conf", "/p/rootfs/etc/nginx/d/*.conf"),
            // What lies beside a file is nearer.
            ("/p/rootfs/etc/nginx/t", "/etc/nginx/own/b.conf", "/p/rootfs/etc/nginx/t/own/b.conf"),
            ("/p/rootfs/etc/nginx/t", "/etc/nginx/none.conf", "/p/rootfs/etc/nginx/t/none.conf"),
            ("/p/rootfs/etc/nginx", "/etc/nginx/includes/a.conf", "/p/rootfs/etc/nginx/includes/a.conf"),
            ("/p/rootfs", "/etc/nginx/includes/a.conf", "/p/rootfs/includes/a.conf"),
        ] {
            assert_eq!(led(from, path), Path::new(want), "{path} from {from}");
        }
    }

    #[test]
    fn a_fragment_looks_upward_no_further_than_its_project() {
        let fs = MemFs::new([(PathBuf::from("/a/b/c/site.conf"), Vec::new()), (PathBuf::from("/x/y/z"), Vec::new())]);
        let files = Files::new(&fs);
        let from = |from: &str, project: &str| upward(&files, Path::new(from), Path::new(project));
        let all = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(from("/a/b/c", "/a"), all(&["/a/b/c", "/a/b", "/a"]));
        assert_eq!(from("/a", "/a"), all(&["/a"]));
        // Outside the project nothing above is looked at.
        assert_eq!(from("/x/y", "/a"), all(&["/x/y"]));
    }
}
