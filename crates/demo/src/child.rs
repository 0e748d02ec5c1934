//! A program that runs beside us and never outlives us.
//!
//! It is killed when its [`Child`] is dropped, and the kernel ends it (`PR_SET_PDEATHSIG`, by util-linux'
//! `setpriv`) when our process dies without a chance to clean up. Its standard error, and every line of its
//! standard output, go to a log file; the lines are also events to wait for.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::DemoError;

/// How to start a program.
#[derive(Debug)]
pub struct Program {
    name: String,
    launcher: Vec<OsString>,
    file: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    terminal: bool,
}

impl Program {
    /// A program by its path, or by a name that is looked up in `PATH`. `name` is for logs and messages.
    pub fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        Self {
            name: name.to_owned(),
            launcher: ["setpriv", "--pdeathsig", "TERM", "--"].map(OsString::from).into(),
            file: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            terminal: false,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Leaves the terminal to it: our standard input is its own, and what it prints goes to our standard error,
    /// because our standard output carries only what is announced.
    pub fn on_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Starts it through another program, which must end in an `exec` and take the command as its last arguments.
    /// That program starts first: entering a user namespace clears the parent-death signal.
    pub(crate) fn through(mut self, launcher: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let inner = std::mem::take(&mut self.launcher);
        self.launcher = launcher.into_iter().map(|arg| arg.as_ref().to_owned()).chain(inner).collect();
        self
    }

    /// Starts it. Its log is `<name>.log` in `log_folder`.
    ///
    /// Call it from a thread that lives as long as the child should: the kernel counts the death of the starting
    /// thread as the death of the parent.
    pub fn spawn(self, log_folder: &Path) -> Result<Child, DemoError> {
        let log = log_folder.join(format!("{}.log", self.name));
        let file = open_log(&log)?;
        let start = |source| DemoError::Start { name: self.name.clone(), source };
        let (stdin, stdout, stderr) = if self.terminal {
            let ours = || {
                use std::os::fd::AsFd as _;
                std::io::stderr().as_fd().try_clone_to_owned().map(Stdio::from)
            };
            (Stdio::inherit(), ours().map_err(start)?, Stdio::inherit())
        } else {
            let stderr = file.try_clone().map_err(|source| DemoError::File { path: log.clone(), source })?;
            (Stdio::piped(), Stdio::piped(), Stdio::from(stderr))
        };
        let mut words = self.launcher.iter().chain([&self.file]).chain(&self.args);
        let first = words.next().unwrap_or(&self.file);
        let mut command = Command::new(first);
        if !self.terminal {
            // Ctrl+C at the terminal reaches us alone; we stop the others in their order.
            command.process_group(0);
        }
        let mut process = command
            .args(words)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        let stdin = process.stdin.take();
        let lines = process.stdout.take().map(|stdout| follow(stdout, file));
        Ok(Child { name: self.name, process, stdin, lines, log })
    }

    /// Runs it to its end; what it wrote is in the error when it fails.
    pub async fn run(self, log_folder: &Path) -> Result<(), DemoError> {
        let name = self.name.clone();
        let mut child = self.spawn(log_folder)?;
        drop(child.stdin.take());
        while child.line().await.is_some() {}
        let status = child.wait().await?;
        if status.success() {
            Ok(())
        } else {
            Err(DemoError::Failed { name, status: status.to_string(), log: log_end(&child.log) })
        }
    }
}

/// A running program.
#[derive(Debug)]
pub struct Child {
    name: String,
    process: tokio::process::Child,
    stdin: Option<ChildStdin>,
    lines: Option<mpsc::UnboundedReceiver<String>>,
    log: PathBuf,
}

impl Child {
    /// The name it was started under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, as long as it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The next line of its standard output; `None` when that is closed or was given away.
    pub async fn line(&mut self) -> Option<String> {
        self.lines.as_mut()?.recv().await
    }

    /// Waits until it prints a line that `wanted` accepts, and returns that line.
    pub async fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String, DemoError> {
        let search = async {
            while let Some(line) = self.line().await {
                if wanted(&line) {
                    return Some(line);
                }
            }
            None
        };
        match timeout(READY_WITHIN, search).await {
            Ok(Some(line)) => Ok(line),
            // Its standard output is closed: it ended or is about to.
            Ok(None) => {
                let status = match timeout(STOP_WITHIN, self.process.wait()).await {
                    Ok(Ok(status)) => status.to_string(),
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "standard output closed".to_owned(),
                };
                Err(DemoError::Ended { name: self.name.clone(), status, log: self.log_end() })
            }
            Err(_) => Err(DemoError::NotReady { name: self.name.clone(), log: self.log_end() }),
        }
    }

    /// Waits until it says that it is ready: the line `ready`, or a JSON line with `"event":"ready"`.
    pub async fn wait_until_ready(&mut self) -> Result<(), DemoError> {
        self.wait_for_line(|line| line.trim() == "ready" || event(line).as_deref() == Some("ready"))
            .await
            .map(drop)
    }

    /// Writes one line to its standard input.
    pub async fn tell(&mut self, line: &str) -> Result<(), DemoError> {
        let name = self.name.clone();
        let start = |source| DemoError::Start { name, source };
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        let told = async {
            stdin.write_all(line.as_bytes()).await?;
            stdin.write_all(b"\n").await?;
            stdin.flush().await
        };
        told.await.map_err(start)
    }

    /// Takes its standard input away, to write to it from another task.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// Takes its lines away, to read them in another task.
    pub fn take_lines(&mut self) -> Option<mpsc::UnboundedReceiver<String>> {
        self.lines.take()
    }

    /// Its exit status when it has ended.
    pub fn ended(&mut self) -> Option<String> {
        match self.process.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> Result<ExitStatus, DemoError> {
        self.process.wait().await.map_err(|source| DemoError::Start { name: self.name.clone(), source })
    }

    /// Asks it to end (SIGTERM), and ends it (SIGKILL) when it does not within five seconds.
    pub async fn stop(&mut self) {
        self.terminate();
        if timeout(STOP_WITHIN, self.process.wait()).await.is_err() {
            tracing::warn!(name = self.name, "did not end after SIGTERM, sending SIGKILL");
            if let Err(error) = self.process.kill().await {
                tracing::warn!(name = self.name, %error, "cannot be killed");
            }
        }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        // `id` is None once the process was waited for, so no other process can get the signal.
        let pid = self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::debug!(name = self.name, %error, "SIGTERM");
        }
    }

    /// The last lines of its log.
    pub fn log_end(&self) -> String {
        log_end(&self.log)
    }
}

/// The `event` of a JSON line.
pub(crate) fn event(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("event")?.as_str().map(str::to_owned)
}

/// Copies standard output to the log and to the receiver; keeps reading when the receiver is gone, so that the
/// program never waits for a full pipe.
fn follow(stdout: ChildStdout, log: File) -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut log = tokio::fs::File::from_std(log);
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // A full disk must not stop the program; the line still reaches the receiver.
            let _ = log.write_all(format!("{line}\n").as_bytes()).await;
            let _ = log.flush().await;
            let _ = sender.send(line);
        }
    });
    receiver
}

fn open_log(path: &Path) -> Result<File, DemoError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| DemoError::File { path: path.to_owned(), source })
}

fn log_end(path: &Path) -> String {
    let log = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_END_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

const LOG_END_LINES: usize = 20;
/// Generous: an unoptimised build on a busy machine makes RSA keys before it is ready.
const READY_WITHIN: Duration = Duration::from_mins(1);
const STOP_WITHIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::new("shell", "sh").args(["-c", script])
    }

    #[tokio::test]
    async fn a_ready_line_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        for ready in ["ready", r#"{"event":"ready","port":1}"#] {
            let mut child =
                shell(&format!("echo before; echo '{ready}'; read x")).spawn(folder.path()).expect("starts");
            child.wait_until_ready().await.expect("ready");
            assert_eq!(child.ended(), None);
            child.stop().await;
        }
    }

    #[tokio::test]
    async fn an_end_before_ready_shows_the_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = shell("echo no port >&2; exit 3").spawn(folder.path()).expect("starts");
        let error = child.wait_until_ready().await.expect_err("it ended").to_string();
        assert!(error.contains("no port") && error.contains('3'), "{error}");
    }

    #[tokio::test]
    async fn a_line_reaches_its_standard_input() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = shell("read x; echo \"got $x\"; read y").spawn(folder.path()).expect("starts");
        child.tell("hello").await.expect("told");
        child.wait_for_line(|line| line == "got hello").await.expect("answered");
        child.stop().await;
    }

    #[tokio::test]
    async fn a_dropped_child_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = shell("echo ready; read x").spawn(folder.path()).expect("starts");
        child.wait_until_ready().await.expect("ready");
        let mut lines = child.take_lines().expect("lines");
        drop(child);
        // The pipe closes when the last process that holds it ends.
        assert_eq!(timeout(STOP_WITHIN, lines.recv()).await, Ok(None));
    }

    #[tokio::test]
    async fn a_failing_program_says_what_it_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = shell("echo broken; exit 1").run(folder.path()).await.expect_err("it failed").to_string();
        assert!(error.contains("broken"), "{error}");
    }

    /// What the kernel does when the starter is killed: a shell starts a child the way we do, prints the child's
    /// id and is killed with SIGKILL. The child holds the pipe, so its end closes it.
    #[tokio::test]
    async fn a_killed_starter_takes_its_children_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "setpriv --pdeathsig TERM -- sh -c 'echo ready; exec sleep 1000' & wait";
        let mut starter = shell(script).spawn(folder.path()).expect("starts");
        starter.wait_until_ready().await.expect("ready");
        let mut lines = starter.take_lines().expect("lines");
        starter.process.kill().await.expect("killed");
        assert_eq!(timeout(STOP_WITHIN, lines.recv()).await, Ok(None));
    }
}
