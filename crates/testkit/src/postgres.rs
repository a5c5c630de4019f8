//! A PostgreSQL cluster for the tests of one process: made by `initdb` in a temporary folder, gone with the process.
//!
//! The binaries are those of the newest `/usr/lib/postgresql/*/bin`, or of the folder in `ZIS_TEST_POSTGRES_BIN`. Without them the tests fail,
//! unless `ZIS_TEST_SKIP_POSTGRES=1` says that this is known.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// A running cluster. Only `trust` authentication, only on 127.0.0.1.
pub struct Cluster {
    port: u16,
    bin: PathBuf,
    supervisor: Mutex<Supervisor>,
    databases: AtomicU32,
}

struct Supervisor {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    _child: Child,
}

/// The cluster that the tests of this process share; `None` when `ZIS_TEST_SKIP_POSTGRES=1`, which prints a counted line each time.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    static SKIPPED: AtomicU32 = AtomicU32::new(0);
    if std::env::var("ZIS_TEST_SKIP_POSTGRES").is_ok_and(|value| value == "1") {
        let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
        println!("skipped without PostgreSQL: {count}");
        return None;
    }
    Some(SHARED.get_or_init(Cluster::start))
}

/// The URL of a new database when `ZIS_TEST_STORE=postgres`: for tests that run on either.
pub fn chosen_url() -> Option<String> {
    std::env::var("ZIS_TEST_STORE").is_ok_and(|value| value == "postgres").then(shared)?.map(Cluster::database)
}

/// A store for a test that runs on either database: what `open` makes of [`chosen_url`], otherwise `None`. Its tasks get a runtime of their own, so that the test's may be of any kind.
pub fn chosen<T, F>(open: impl FnOnce(String) -> F + Send) -> Option<T>
where
    T: Send,
    F: Future<Output = T>,
{
    let url = chosen_url()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    let store = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(open(url))).join());
    // The store's tasks go on as long as the test does.
    std::mem::forget(runtime);
    Some(store.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// `fsync` is off: a crash of the server loses nothing, one of the machine does.
const QUICK: &str = "-c fsync=off -c shared_buffers=64MB -c autovacuum=off";
/// PostgreSQL's own defaults, for what is measured.
const DURABLE: &str = "-c fsync=on";

impl Cluster {
    /// Makes and starts a cluster that is quick rather than safe.
    pub fn start() -> Self {
        Self::start_with(QUICK)
    }

    /// Makes and starts a cluster that keeps what it has committed, whatever happens to the machine.
    pub fn start_durable() -> Self {
        Self::start_with(DURABLE)
    }

    fn start_with(settings: &str) -> Self {
        let bin = binaries();
        // Some other process may take the port between our look and the server's.
        for _ in 0..5 {
            let port = crate::free_port();
            let mut supervisor = supervise(&bin, port, settings);
            supervisor.expect_ok("initdb");
            if supervisor.command("start") == "ok" {
                return Self { port, bin, supervisor: Mutex::new(supervisor), databases: AtomicU32::new(0) };
            }
        }
        panic!("PostgreSQL does not start: its own words are above");
    }

    /// The URL of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of the database `name`.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://zis@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What `psql` prints for `sql`, unaligned, without headers.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let done = Command::new(self.bin.join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                "zis",
                "-p",
                &port,
                "-d",
                database,
                "-c",
                sql,
            ])
            .output()
            .expect("psql can be run");
        assert!(done.status.success(), "psql: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Stops the server as a crash would. Only for a cluster that no other test uses.
    pub fn crash(&self) {
        self.command("stop");
    }

    /// Starts the server again after [`Cluster::crash`].
    pub fn recover(&self) {
        self.command("start");
    }

    fn command(&self, command: &str) {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = supervisor.command(command);
        assert_eq!(answer, "ok", "PostgreSQL: {command}");
    }
}

impl Supervisor {
    fn command(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").expect("the supervisor reads its commands");
        let answer = self.answer();
        if answer != "ok" {
            eprintln!("PostgreSQL: {command}: {answer}");
        }
        answer
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the supervisor answers");
        line.trim().to_owned()
    }

    fn expect_ok(&mut self, what: &str) {
        let answer = self.answer();
        assert_eq!(answer, "ok", "PostgreSQL: {what}");
    }
}

/// Starts the script that runs the server, as another user when we are root, whom `initdb` refuses.
fn supervise(bin: &Path, port: u16, settings: &str) -> Supervisor {
    let home =
        tempfile::Builder::new().prefix("zis-postgres-").tempdir().expect("a temporary folder can be made").keep();
    let mut command = match other_user() {
        Some(user) => {
            let done = Command::new("chown").arg(&user).arg(&home).status();
            assert!(done.is_ok_and(|status| status.success()), "chown {user} {}", home.display());
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &user, "--regid", &group(&user), "--clear-groups", "sh"]);
            command
        }
        None => Command::new("sh"),
    };
    let mut child = command
        .args(["-c", include_str!("cluster.sh"), "cluster.sh"])
        .arg(bin)
        .arg(&home)
        .arg(port.to_string())
        .arg(settings)
        .current_dir(&home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh (and setpriv, for root) can be run");
    let commands = child.stdin.take().expect("stdin is piped");
    let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
    Supervisor { commands, answers, _child: child }
}

fn id(arguments: &[&str]) -> Option<String> {
    let done = Command::new("id").args(arguments).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

fn group(user: &str) -> String {
    id(&["-g", user]).expect("every user has a group")
}

/// Who runs the server when we are root.
fn other_user() -> Option<String> {
    if id(&["-u"])? != "0" {
        return None;
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id(&["-u", user]).is_some());
    Some(user.expect("a user `postgres` or `nobody` exists, because initdb refuses root").to_owned())
}

fn binaries() -> PathBuf {
    let missing = "no PostgreSQL binaries under /usr/lib/postgresql: install them (Debian: postgresql), or name their folder in \
        ZIS_TEST_POSTGRES_BIN, or set ZIS_TEST_SKIP_POSTGRES=1 to leave these tests out";
    installed().expect(missing)
}

/// The folder of PostgreSQL's binaries, when there are some.
pub fn installed() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("ZIS_TEST_POSTGRES_BIN") {
        return Some(folder.into());
    }
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.filter(|path| path.join("bin/initdb").exists()).max_by_key(|path| version(path));
    Some(newest?.join("bin"))
}
