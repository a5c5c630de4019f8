//! A program under test: started, watched, stopped.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// A running server; killed when dropped.
pub struct Process {
    child: Child,
    pub address: String,
}

/// Where release programs lie: beside this one.
pub fn program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.is_file(), "{} is missing; `cargo xtask bench` builds it", program.display());
    Ok(program)
}

impl Process {
    /// `zis serve` on a free port with its data in `folder`; waits for the line that says where it listens.
    pub fn zis(folder: &Path, env: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new(program("zis")?)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .env("ZIS_ADMIN_EMAIL", "admin@example.com")
            .env("ZIS_ADMIN_PASSWORD", "bench-password")
            .env("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")
            .env("ZIS_LOG", "warn")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .context("can't start zis")?;
        let output = child.stdout.take().context("zis has a standard output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address =
            line.trim().strip_prefix("listening on http://").with_context(|| format!("zis said `{line}`"))?.to_owned();
        Ok(Self { child, address })
    }

    /// Seconds of CPU used so far, user and system.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        // utime and stime are the 14th and 15th field; a tick is 10 ms on every Linux we run on.
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Megabytes: the peak of the resident set, and the proportional set now.
    pub fn memory_mb(&self) -> (f64, f64) {
        let kilobytes = |file: &str, key: &str| {
            let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0)
        };
        (kilobytes("status", "VmHWM:") / 1024.0, kilobytes("smaps_rollup", "Pss:") / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
