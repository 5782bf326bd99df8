//! A server's directory, its account, and the shell that ends both with this process.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::program::{Program, clean, run};
use crate::{ServiceError, account};

const SUPERVISOR: &str = include_str!("supervisor.sh");

/// How much of a log an error shows.
const LOG_LINES_MAX: usize = 20;

/// What the servers of one kind have in common.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Whom it runs as when this process is an administrator's.
    pub(crate) account: &'static str,
    /// The signal for an end in order, all data written out.
    pub(crate) keeping: &'static str,
    /// The signal for the last end, after which the data is removed; nothing else stays behind.
    pub(crate) hurried: &'static str,
}

/// A directory and its supervisor. The shell holds the other end of a pipe from this process: when
/// this process ends, in whatever way, the shell ends the server and removes the directory.
#[derive(Debug)]
pub(crate) struct Home {
    kind: &'static Kind,
    directory: PathBuf,
    is_administrator: bool,
    link: Mutex<Link>,
}

#[derive(Debug)]
struct Link {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Of the server, while it is meant to run.
    pid: Option<u32>,
}

impl Home {
    /// # Errors
    ///
    /// The account is missing, or the directory or the shell could not be made.
    pub(crate) fn new(kind: &'static Kind, server: Program) -> Result<Self, ServiceError> {
        let made = tempfile::Builder::new().prefix("hos-services-").tempdir();
        let made = made.map_err(ServiceError::system("no temporary directory"))?;
        let is_administrator = account::owns_as_administrator(made.path())?;
        if is_administrator {
            account::give(made.path(), kind.account).map_err(|_| ServiceError::Missing {
                program: server.name.to_owned(),
                package: server.package.to_owned(),
            })?;
        }
        let mut command = clean("/bin/sh");
        command
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(made.path())
            .args([kind.keeping, kind.hurried]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        account::own_group(&mut command);
        let mut shell = command.spawn().map_err(ServiceError::system("`/bin/sh`"))?;
        let (Some(orders), Some(answers)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(ServiceError::system("`/bin/sh`")("it has no pipes"));
        };
        let answers = BufReader::new(answers);
        let link = Mutex::new(Link { shell, orders: Some(orders), answers, pid: None });
        // From here on the shell removes it.
        Ok(Self { kind, directory: made.keep(), is_administrator, link })
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        self.kind
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file that the server's account may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), ServiceError> {
        let path = self.path(name);
        fs::write(&path, text).map_err(ServiceError::system(path.display().to_string()))
    }

    /// Writes a file that nobody but the server's account may read.
    pub(crate) fn write_secret(&self, name: &str, text: &str) -> Result<(), ServiceError> {
        self.write(name, text)?;
        let path = self.path(name);
        account::close(&path)?;
        if self.is_administrator { account::give(&path, self.kind.account) } else { Ok(()) }
    }

    /// Runs a program to its end as the server's account.
    pub(crate) fn run(&self, program: &Path, arguments: &[String]) -> Result<(), ServiceError> {
        let mut words = self.as_account();
        words.push(program.display().to_string());
        let mut words = words.iter().chain(arguments);
        let first = words.next().map(String::as_str).unwrap_or_default();
        let mut command = clean(first);
        command.args(words).current_dir(&self.directory).env("TMPDIR", &self.directory);
        run(&mut command, "").map(drop)
    }

    /// Starts the server; answers its process id.
    pub(crate) fn start(&self, program: &Path, args: &[String]) -> Result<u32, ServiceError> {
        let mut words = self.as_account();
        words.push(program.display().to_string());
        words.extend_from_slice(args);
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let directory = quoted(&self.directory.display().to_string());
        let script = format!(
            "cd {directory} || exit\nexport TMPDIR={directory}\nexec {}\n",
            words.join(" ")
        );
        self.write("command", &script)?;
        let mut link = self.link();
        let answer = link.ask("start")?;
        let pid = answer.parse().map_err(ServiceError::system("the supervisor's answer"))?;
        link.pid = Some(pid);
        Ok(pid)
    }

    /// Whether the server that was started last runs.
    pub(crate) fn is_alive(&self) -> Result<bool, ServiceError> {
        Ok(self.link().ask("alive")? == "yes")
    }

    /// SIGKILL to the server and its children; they are gone on return.
    pub(crate) fn kill(&self) -> Result<(), ServiceError> {
        self.end("kill")
    }

    /// Asks the server to end, and kills it when it has not in ten seconds.
    pub(crate) fn stop(&self) -> Result<(), ServiceError> {
        self.end("stop")
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.link().pid
    }

    /// The last lines that the server said.
    pub(crate) fn log(&self) -> String {
        let text = fs::read(self.path("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(LOG_LINES_MAX)..).unwrap_or_default().join("\n")
    }

    fn end(&self, order: &str) -> Result<(), ServiceError> {
        let mut link = self.link();
        if link.ask(order)? != "done" {
            let what = format!("the end of {}, asked to {order},", self.kind.name);
            return Err(ServiceError::Late { what });
        }
        link.pid = None;
        Ok(())
    }

    /// The words before a command line that make it the account's.
    fn as_account(&self) -> Vec<String> {
        if !self.is_administrator {
            return Vec::new();
        }
        let account = self.kind.account;
        vec![
            "setpriv".to_owned(),
            format!("--reuid={account}"),
            format!("--regid={account}"),
            "--clear-groups".to_owned(),
        ]
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut link = self.link();
        link.orders = None;
        // Its waits are bounded; that it ended badly helps nobody here.
        drop(link.shell.wait());
    }
}

impl Link {
    fn ask(&mut self, order: &str) -> Result<String, ServiceError> {
        let what = format!("the supervisor, asked to {order}");
        let ended = ServiceError::System { what: what.clone(), complaint: "it has ended".into() };
        let orders = self.orders.as_mut().ok_or_else(|| ended.clone())?;
        let line = format!("{order}\n");
        orders.write_all(line.as_bytes()).map_err(ServiceError::system(&what))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(ServiceError::system(&what))?;
        if answer.is_empty() {
            return Err(ended);
        }
        Ok(answer.trim_end().to_owned())
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words of a command line.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_survives_the_shell() {
        let word = "it's $HOME `x` \"y\"";
        let said = run(&mut clean("/bin/sh"), &format!("printf %s {}", quoted(word))).unwrap();
        assert_eq!(said, word);
    }
}
