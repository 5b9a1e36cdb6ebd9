//! Projects on the disk: not for WebAssembly, where there is none.

use wslint::engine::Options;
use wslint::fix::Wanted;

use crate::common::Tree;

/// What `wslint --fix` makes of a project on the disk, these files of it named.
pub(crate) fn mended(tree: &Tree, named: &[&str], options: &Options) -> Result<Tree, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    for (name, bytes) in tree {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path())).map_err(|e| e.to_string())?;
        std::fs::write(path, bytes).map_err(|e| e.to_string())?;
    }
    let disk = wslint::source::OsFs;
    let told = |p: wslint::project::Problem| p.text().en.into_owned();
    let session = wslint::project::Session::new(&disk, &wslint::project::SettingsFrom::Nowhere).map_err(told)?;
    let inputs = named.iter().map(|n| wslint::project::Input::Path(folder.path().join(n))).collect();
    let subject = session.open(&wslint::project::Asked { inputs, ..Default::default() }).map_err(told)?;
    let outcome = subject.mend(options, Wanted { unsafe_too: false }, &|_| true).map_err(told)?;
    if let Some(failed) = outcome.failed {
        return Err(failed);
    }
    let mut out = tree.clone();
    for (path, patched) in outcome.files {
        let name = path.strip_prefix(folder.path()).map_err(|e| e.to_string())?.to_string_lossy().into_owned();
        out.insert(name, patched.text());
    }
    Ok(out)
}
