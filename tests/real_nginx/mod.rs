//! The installed nginx, asked with `nginx -t`.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the fixtures' messages are from.
pub(crate) const VERSION: &str = "1.22.1";

/// The binary, and whether its messages are those of [`VERSION`].
#[derive(Debug, Clone)]
pub(crate) struct Nginx {
    binary: PathBuf,
    pub(crate) exact: bool,
}

impl Nginx {
    /// Looks on the PATH and in the usual places of daemons.
    pub(crate) fn find() -> Result<Nginx, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
        let binary = std::env::split_paths(&path).chain(usual).map(|d| d.join("nginx")).find(|b| b.is_file());
        let binary = binary.ok_or("there is no nginx on this machine: apt-get install nginx-light")?;
        let output = Command::new(&binary).arg("-v").output().map_err(|e| format!("{}: {e}", binary.display()))?;
        let exact = String::from_utf8_lossy(&output.stderr).trim_end().ends_with(&format!("nginx/{VERSION}"));
        Ok(Nginx { binary, exact })
    }

    /// Puts `nginx.conf` in `folder` to `nginx -t`. The error is the first line that explains the
    /// refusal, without time and process, paths below `folder` mapped to `/srv/conf`.
    pub(crate) fn test(&self, folder: &Path) -> Result<(), String> {
        let shown = folder.display();
        // Outside the folder, lest an include finds them.
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let files = scratch.path().display();
        let output = Command::new(&self.binary)
            .arg("-t")
            .args(["-p".as_ref(), folder.as_os_str()])
            .args(["-c".as_ref(), folder.join("nginx.conf").as_os_str()])
            .args(["-g", &format!("pid {files}/pid; error_log {files}/error.log;")])
            .output()
            .map_err(|e| format!("{}: {e}", self.binary.display()))?;
        if output.status.success() {
            return Ok(());
        }
        let screen = String::from_utf8_lossy(&output.stderr);
        let line = screen.lines().find(|l| ["[emerg]", "[crit]", "[alert]"].iter().any(|level| l.contains(level)));
        let Some(line) = line else { return Err(format!("nginx -t: {}\n{screen}", output.status)) };
        let (level, rest) = line[line.find('[').unwrap_or(0)..].split_once(' ').unwrap_or(("", line));
        let message = rest.split_once("#").and_then(|(pid, rest)| {
            let (_, message) = rest.split_once(": ")?;
            pid.bytes().all(|b| b.is_ascii_digit()).then_some(message)
        });
        let message = message.unwrap_or(rest).replace(&shown.to_string(), "/srv/conf");
        Err(format!("{level} {message}"))
    }
}

/// Whether fixtures are to be written anew.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_FIXTURES").is_some_and(|v| v == "1")
}
