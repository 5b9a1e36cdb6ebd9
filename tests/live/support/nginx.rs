//! The installed nginx: testing a configuration with it, running it, and stopping exactly the
//! process we started.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long `nginx -t` may take. It resolves the names of upstream servers, which can hang without
/// a network.
const TEST_PATIENCE: Duration = Duration::from_secs(10);

/// How long nginx may take from its start until its port answers.
const START_PATIENCE: Duration = Duration::from_secs(4);

/// How often nginx is asked politely to leave, and how long it may take each time.
const STOP_SIGNALS: usize = 100;
const STOP_PATIENCE: Duration = Duration::from_millis(20);

/// The pause between two looks at something that another process is about to do.
const TICK: Duration = Duration::from_millis(1);

/// The installed binary. Debian's build has fixed paths below `/var/lib/nginx` for temporary files
/// and `/var/log/nginx/access.log` for a configuration that names no other log; no command line
/// option moves them, so the tests run as root or as a user who may write there.
#[derive(Debug, Clone)]
pub(crate) struct Nginx {
    binary: PathBuf,
    version: String,
}

impl Nginx {
    /// Looks on the PATH and, because Debian keeps it off the PATH of ordinary users, in the usual
    /// places of daemons.
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
        let binary = std::env::split_paths(&path).chain(usual).map(|d| d.join("nginx")).find(|b| b.is_file())?;
        let output = Command::new(&binary).arg("-v").output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr);
        let version = text.split_once("nginx/")?.1.split_whitespace().next()?.to_owned();
        Some(Self { binary, version })
    }

    /// The bare version, for instance `1.22.1`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Runs `nginx -t` on `nginx.conf` in `dir`. The error is the line that explains the refusal,
    /// without the time and the process, for instance `[emerg] unknown "foo" variable`.
    pub(crate) fn test(&self, dir: &Path) -> Result<(), String> {
        let mut options = vec![format!("error_log \"{}\";", dir.join("logs/test.log").display())];
        if !sets(dir, "pid") {
            options.push(format!("pid \"{}\";", dir.join("logs/test.pid").display()));
        }
        let screen = dir.join("logs/test.stderr");
        let mut child = self.spawn(dir, &screen, &["-t", "-g", &options.concat()])?;
        match wait(&mut child, TEST_PATIENCE) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(complaint(&[&screen]).unwrap_or_else(|| format!("nginx -t: {status}"))),
            None => {
                end(&mut child);
                Err(format!("nginx -t did not come to an end within {TEST_PATIENCE:?}"))
            }
        }
    }

    /// Starts nginx on `nginx.conf` in `dir` and waits until it accepts connections on `port`. It
    /// runs as one process in the foreground, so that the process we started is all there is to
    /// stop.
    pub(crate) fn start(&self, dir: &Path, port: u16) -> Result<Running, String> {
        if sets(dir, "daemon on") {
            return Err("the configuration sends nginx into the background".to_owned());
        }
        let (screen, log) = (dir.join("logs/stderr"), dir.join("logs/error.log"));
        let pid = (!sets(dir, "pid")).then(|| dir.join("logs/nginx.pid"));
        let mut options = vec![format!("error_log \"{}\" notice;", log.display())];
        options.extend(pid.iter().map(|pid| format!("pid \"{}\";", pid.display())));
        let own = ["daemon", "master_process"].iter().filter(|name| !sets(dir, name));
        options.extend(own.map(|name| format!("{name} off;")));
        let mut running = Running { child: self.spawn(dir, &screen, &["-g", &options.concat()])? };

        let until = Instant::now() + START_PATIENCE;
        let why = loop {
            // The pid file appears once every port is open: if it is there and ours does not
            // answer, it never will.
            let opened = pid.as_ref().map(|pid| pid.exists());
            if opened != Some(false) && answers(port) {
                return Ok(running);
            }
            if let Ok(Some(status)) = running.child.try_wait() {
                break format!("nginx ended at once: {status}");
            }
            if opened == Some(true) || Instant::now() > until {
                break format!("nginx runs, but does not listen on port {port}");
            }
            thread::sleep(TICK);
        };
        Err(complaint(&[&screen, &log]).unwrap_or(why))
    }

    /// Starts the binary for `dir` with what it prints going to the file `screen`, since an unread
    /// pipe can fill up.
    fn spawn(&self, dir: &Path, screen: &Path, args: &[&str]) -> Result<Child, String> {
        let start = || -> io::Result<Child> {
            fs::create_dir_all(dir.join("logs"))?;
            Command::new(&self.binary)
                .arg("-p")
                .arg(dir)
                .arg("-c")
                .arg(dir.join("nginx.conf"))
                .args(args)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(screen)?)
                .spawn()
        };
        start().map_err(|error| format!("cannot run {}: {error}", self.binary.display()))
    }
}

/// A running nginx, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a process that we started. The polite signal comes first because a configuration can
/// insist on a master process, and only the polite one makes the master take its workers along. It
/// is repeated because nginx sleeps through one that comes just before it waits for connections.
fn end(child: &mut Child) {
    for _ in 0..STOP_SIGNALS {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        terminate(child);
        if wait(child, STOP_PATIENCE).is_some() {
            return;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[expect(unsafe_code, reason = "the standard library sends no signal but SIGKILL")]
fn terminate(child: &Child) {
    let Ok(pid) = libc::pid_t::try_from(child.id()) else {
        return;
    };
    // SAFETY: kill touches no memory. The child has not been waited for, so its number cannot
    // belong to another.
    unsafe { libc::kill(pid, libc::SIGTERM) };
}

/// Waits for the end of a process for a limited time.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(TICK),
            _ => return None,
        }
    }
}

/// Whether a line of the root file begins with this directive. nginx refuses a directive that
/// comes both with `-g` and in the file, so those that the file sets stay off the command line.
fn sets(dir: &Path, directive: &str) -> bool {
    let text = fs::read(dir.join("nginx.conf")).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().any(|line| {
        let rest = line.trim_start().strip_prefix(directive);
        rest.is_some_and(|rest| rest.starts_with([' ', '\t', ';']))
    })
}

/// The line in these files that explains a failure: the first [emerg], or else the first [crit] or
/// [alert].
fn complaint(files: &[&Path]) -> Option<String> {
    let texts = files.iter().filter_map(|file| fs::read(file).ok());
    let text: String = texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect();
    let find = |level: &str| text.lines().find_map(|line| Some((level.to_owned(), line.split_once(level)?.1)));
    let (level, rest) = find("[emerg]").or_else(|| find("[crit]")).or_else(|| find("[alert]"))?;
    // In the log, but not on the screen, the process, the thread and the connection follow:
    // `12#12: *1 text`.
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let process = |text: &str| text.split_once('#').is_some_and(|(pid, thread)| number(pid) && number(thread));
    let noise = |word: &str| word.strip_suffix(':').is_some_and(process) || word.strip_prefix('*').is_some_and(number);
    let words: Vec<&str> = rest.trim().split(' ').collect();
    let start = words.iter().position(|word| !noise(word)).unwrap_or(0);
    Some(format!("{level} {}", words[start..].join(" ")))
}

/// A port on loopback that nobody listens on and that no recent call of this process returned. It
/// lies below the range from which the kernel picks ports of its own, so nothing takes it between
/// this call and the start of nginx.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // The prime keeps two test programs that run at the same time far apart.
    let base = std::process::id().wrapping_mul(7919);
    loop {
        let index = base.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + (index % 20_000) as u16;
        if !answers(port) {
            return port;
        }
    }
}

/// Whether somebody listens on this port of the loopback. It asks by connecting, because a socket
/// bound for a trial lives on in every process that another thread starts at the same moment.
fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), START_PATIENCE).is_ok()
}

/// A certificate and its key, made once by the `openssl` command line and kept in memory; None if
/// there is no openssl.
pub(crate) fn certificate() -> Option<&'static (Vec<u8>, Vec<u8>)> {
    static MADE: OnceLock<Option<(Vec<u8>, Vec<u8>)>> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().ok()?;
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let mut child = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-days", "30", "-subj", "/CN=example.com", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let status = wait(&mut child, TEST_PATIENCE);
        end(&mut child);
        let made = status.is_some_and(|status| status.success());
        made.then(|| Some((fs::read(&certificate).ok()?, fs::read(&key).ok()?)))?
    };
    MADE.get_or_init(make).as_ref()
}
