//! A program under test: started, watched, stopped by its id.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

pub const ADMIN: &str = "admin@example.com:bench-password";

/// A running program; killed when dropped.
pub struct Process {
    child: Child,
}

/// A running `zis serve`.
pub struct Zis {
    process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

/// Where programs lie that are built with this one: beside it.
pub fn program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.is_file(), "{} is missing; `cargo xtask bench` builds it", program.display());
    Ok(program)
}

impl Process {
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn();
        Ok(Self { child: child.with_context(|| format!("can't start {}", command.get_program().display()))? })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line of a piped standard output.
    pub fn first_line(&mut self) -> Result<String> {
        let output = self.child.stdout.take().context("its standard output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line)
    }

    /// Whether it has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Zis {
    /// `zis serve` on a free port with its data in `folder`; waits for the line that says where it listens.
    pub fn start(folder: &Path, env: &[(&str, &str)]) -> Result<Self> {
        let (email, password) = ADMIN.split_once(':').context("an address and a password")?;
        let mut command = Command::new(program("zis")?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        command.env("ZIS_ADMIN_EMAIL", email).env("ZIS_ADMIN_PASSWORD", password);
        command.env("ZIS_OUTBOUND__ALLOW_PRIVATE", "true").env("ZIS_LOG", "warn").envs(env.iter().copied());
        let mut process = Process::start(command.stdout(Stdio::piped()))?;
        let line = process.first_line()?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("zis said `{line}`"))?.to_owned();
        Ok(Self { process, address })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}
