//! The command line: every command, argument and example.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Run, check and test Zendesk Integration Services (ZIS) bundles on your own machine.
#[derive(Debug, Parser)]
#[command(name = "zis", version, arg_required_else_help = true)]
#[command(after_help = "\
Begin with `zis demo`: the refund tutorial, end to end, in a second.
Then `zis new my-integration`, or `zis dev bundle.json` for a bundle of yours.

Environment, for commands that talk to a server:
  ZIS_URL                 the server, instead of --url or --to
  ZIS_EMAIL               who you are (admin@example.com)
  ZIS_API_TOKEN           an API token of yours, or
  ZIS_PASSWORD            your password
  ZIS_API_TOKEN_COMMAND,  a program that prints one of them, such as
  ZIS_PASSWORD_COMMAND    `secret-tool lookup service zis`")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the refund tutorial end to end on a temporary server and say what happened
    Demo(Demo),
    /// Make a folder with a small bundle, an event and a test
    New(New),
    /// Develop: a local server that follows your files
    Dev(Dev),
    /// Run the server
    Serve(Serve),
    /// Check bundles: everything ZIS would refuse, and what it would let pass and you would regret
    Check(Check),
    /// Explain the code of a rule or an error
    Explain(Explain),
    /// Run one flow in this process and print its trace
    Run(Run),
    /// Run the test cases of bundles
    Test(Test),
    /// Send an event to a server
    Send(Send),
    /// Deploy a bundle to a server or a Zendesk account
    Deploy(Deploy),
    /// Show what a deployment would change
    Diff(Diff),
    /// List, show, retry and cancel executions of a server
    #[command(subcommand)]
    Executions(Executions),
    /// Send accepted events of a server again
    #[command(subcommand)]
    Events(Events),
    /// Print the integration log of a server
    Logs(Logs),
    /// List job specs that fire although no bundle holds them any more
    #[command(after_help = "\
Examples:
  zis orphans

Uninstall them with `zis deploy --uninstall-stale`, in the console, or with
DELETE /api/services/zis/registry/job_specs/install?job_spec_name=NAME")]
    Orphans(Server),
    /// List, create and revoke API tokens and OAuth tokens of a server
    #[command(subcommand)]
    Tokens(Tokens),
    /// The key that connection secrets are sealed with
    #[command(subcommand)]
    Secrets(Secrets),
    /// Draw a flow
    Graph(Graph),
    /// Print the JSON Schema of a bundle, for editors
    #[command(after_help = "\
Examples:
  zis schema > zis.schema.json

For VS Code, in settings.json:
  \"json.schemas\": [
    {\"fileMatch\": [\"*bundle.json\"], \"url\": \"./zis.schema.json\"}
  ]")]
    Schema,
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  zis completions bash > ~/.local/share/bash-completion/completions/zis
  zis completions zsh > ~/.zfunc/_zis
  zis completions fish > ~/.config/fish/completions/zis.fish")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man(Man),
    /// The generated pages of the manual
    #[command(hide = true)]
    Reference { part: Part },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis demo
  zis demo --keep          and look at it in the console")]
pub struct Demo {
    /// Stay up afterwards and print the console's address
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis new my-integration
  zis new .")]
pub struct New {
    /// The folder; files that are there already are left alone
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis dev bundle.json                 check on save, upload, install
  zis dev bundle.json --values dev.yaml
  zis dev --fresh --open bundle.json
  zis dev --listen 127.0.0.1:9000 refunds.json tickets.json

The data is in ./.zis, and so is the admin's password.

On a terminal: r sends the last event again, c checks again, o opens the
console, h helps, q quits. Without one, the same letters are read from standard
input, a line each.

Exit code: 0 told to quit, 2 it could not run.")]
pub struct Dev {
    /// Bundles to follow
    pub bundles: Vec<PathBuf>,
    /// Address to listen on; port 0 for a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "HOST:PORT", value_parser = address)]
    pub listen: SocketAddr,
    /// YAML: placeholder texts of the bundles and what to put there
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Begin with an empty store
    #[arg(long)]
    pub fresh: bool,
    /// Open the console in a browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis serve                         SQLite in ./.zis, on 127.0.0.1:8080
  zis serve --listen 0.0.0.0:80 --data /var/lib/zis
  zis serve --database-url postgres://zis@db/zis      one of many nodes
  zis serve --print-config > zis.toml

Without ZIS_ADMIN_EMAIL and ZIS_ADMIN_PASSWORD the first start makes an admin
and prints the password once. Settings come from --config, from the environment
(ZIS_SERVER__LISTEN is `listen` of `[server]`) and from these flags, the later
over the earlier. ZIS_LOG=debug says more, ZIS_LOG_FORMAT=json says it to
machines. SIGTERM and Ctrl-C end it when what is under way is written down.

Exit code: 0 told to stop, 2 it could not start.")]
pub struct Serve {
    /// Address to listen on
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Folder of the SQLite file and the key
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database_url: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the commented default configuration and leave
    #[arg(long)]
    pub print_config: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis check bundle.json
  zis check --format sarif bundles/*.json > findings.sarif
  zis check --fix bundle.json      apply what can't change what a bundle does
  cat bundle.json | zis check -

Exit code: 0 clean, 1 findings, 2 a file could not be read.")]
pub struct Check {
    /// Bundle files; `-` reads standard input
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// full and concise for people, the others for tools
    #[arg(long, value_enum, default_value_t = CheckFormat::Full)]
    pub format: CheckFormat,
    /// Apply safe fixes to the files
    #[arg(long)]
    pub fix: bool,
    /// Settings of the rules (section `[lint]`); `zis.toml` beside you is read by itself
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Full,
    Concise,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis explain ZIS2015      a rule of the linter
  zis explain ZIS4001      an error of the API
  zis explain              all codes")]
pub struct Explain {
    /// Such as ZIS1004 or unused-action; without it, all codes with their titles
    pub code: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis run bundle.json --event event.json          calls are answered `200 {}`
  zis run bundle.json --flow Refund --event event.json --mock mocks.yaml
  zis run bundle.json --event event.json --live   really send the requests
  zis run bundle.json --from CheckRefundAmount --input document.json

The event file holds what the flow sees at `$.input`. A mock file maps action
names to replies, one after the other:
  GetUserProfile:
    - {status: 200, body: {profile: {attributes: {membership: premium}}}}
    - {status: 429, headers: {Retry-After: 1}}

Exit code: 0 the flow succeeded, 1 it did not, 2 it could not run.")]
pub struct Run {
    /// The bundle
    pub file: PathBuf,
    /// Which flow, when the bundle has several
    #[arg(long)]
    pub flow: Option<String>,
    /// What stands at `$.input`
    #[arg(long, value_name = "FILE")]
    pub event: Option<PathBuf>,
    /// YAML: placeholder texts of the bundle and what to put there
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Replies for the actions
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    pub mock: Option<PathBuf>,
    /// Really send the requests; `path` actions go to a local Zendesk that is empty at first
    #[arg(long, conflicts_with = "from")]
    pub live: bool,
    /// Begin at this state
    #[arg(long, value_name = "STATE", requires = "input")]
    pub from: Option<String>,
    /// The whole `$` to begin with, instead of an event
    #[arg(long, value_name = "FILE", conflicts_with = "event")]
    pub input: Option<PathBuf>,
    /// text for people, json for machines
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis test                          every *.zistest.yaml below this folder
  zis test examples/ --coverage     and what no case has taken
  zis test --format junit > results.xml

A test file:
  bundle: bundle.json
  cases:
    - name: a small refund goes straight through
      event: {source: sunshine, type: activity.UserActivityCreated}
      input: {activity_event: {user_activity: {type: refund_request}}}
      mocks: {InitiateRefund: [{status: 200, body: {ok: true}}]}
      expect: {status: succeeded, requests: [{action: InitiateRefund}]}

Exit code: 0 all passed, 1 some failed, 2 it could not run.")]
pub struct Test {
    /// Test files, or folders to look through
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// full for people, junit for tools
    #[arg(long, value_enum, default_value_t = TestFormat::Full)]
    pub format: TestFormat,
    /// Which states, Choice branches and Catches no case has taken
    #[arg(long)]
    pub coverage: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    Full,
    Junit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

/// How to reach a server. Credentials come from the environment only (`zis --help`).
#[derive(Debug, Args, Clone)]
pub struct Server {
    /// The server; `zis --help` says where credentials come from
    #[arg(long = "url", env = "ZIS_URL", default_value = "http://127.0.0.1:8080", value_name = "URL", value_parser = origin)]
    pub url: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis send event.json --source support --type ticket.TicketCreated
  zis send event.json               a file with `source`, `type` and `payload`
  zis send event.json --dry-run     only say which job specs it would run")]
pub struct Send {
    /// The event: what stands at `$.input`, or an object with `source`, `type` and `payload`
    pub file: PathBuf,
    /// Where it comes from, such as support or sunshine
    #[arg(long)]
    pub source: Option<String>,
    /// What happened, such as ticket.TicketCreated
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only this integration sees it
    #[arg(long)]
    pub integration: Option<String>,
    /// Say which job specs would run, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub server: Server,
}

/// A bundle and where it goes. Credentials come from the environment only (`zis --help`).
#[derive(Debug, Args)]
pub struct Target {
    /// The bundle
    pub file: PathBuf,
    /// A zis server, or `https://SUBDOMAIN.zendesk.com`; `zis --help` says where credentials come from
    #[arg(long, env = "ZIS_URL", default_value = "http://127.0.0.1:8080", value_name = "URL", value_parser = origin)]
    pub to: String,
    /// The integration that the bundle goes to
    #[arg(long, value_name = "KEY")]
    pub integration: String,
    /// YAML: placeholder texts of the bundle and what to put there
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis deploy bundle.json --integration acme --values staging.yaml --dry-run
  zis deploy bundle.json --integration acme --to https://acme.zendesk.com
  zis deploy bundle.json --integration acme --uninstall-stale
  zis deploy bundle.json --integration acme --rollback

A values file:  INTEGRATION: acme
                EXTERNAL_TARGET_URL: https://refunds.example.com

Exit code: 0 deployed and read back (or, with --dry-run, it would be), 1 not.")]
pub struct Deploy {
    #[command(flatten)]
    pub target: Target,
    /// Check everything, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Uninstall job specs that are installed but not in this bundle
    #[arg(long)]
    pub uninstall_stale: bool,
    /// Go back to the version before (zis servers only)
    #[arg(long, conflicts_with = "dry_run")]
    pub rollback: bool,
    /// text for people, json for machines
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis diff bundle.json --integration acme
  zis diff bundle.json --integration acme --values production.yaml
  zis diff bundle.json --integration acme --to https://acme.zendesk.com

Exit code: 0 no difference, 1 some, 2 it could not be said.")]
pub struct Diff {
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Subcommand)]
pub enum Executions {
    /// List executions, newest first
    List(List),
    /// Show one execution: every state's input and output
    Show(Show),
    /// Run an execution again, or all that fit
    Retry(Retry),
    /// Stop an execution, or all that fit
    Cancel(Cancel),
}

/// One execution, or those that fit.
#[derive(Debug, Args)]
pub struct Which {
    /// One execution, as `zis executions list` shows it
    #[arg(conflicts_with_all = ["integration", "flow", "status", "since", "until", "text"])]
    pub id: Option<String>,
    /// All of this integration
    #[arg(long)]
    pub integration: Option<String>,
    /// All of this flow
    #[arg(long)]
    pub flow: Option<String>,
    /// All of this status; several: separated by commas
    #[arg(long)]
    pub status: Option<String>,
    /// All that were started then or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// All that were started before (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// All with this text in the event, the message or the cause
    #[arg(long)]
    pub text: Option<String>,
    #[command(flatten)]
    pub sure: Sure,
}

/// Before many things are changed at once.
#[derive(Debug, Args)]
pub struct Sure {
    /// Say how many it would be, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask
    #[arg(short, long, conflicts_with = "dry_run")]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Events {
    /// Send an accepted event again, or all of a time
    #[command(after_help = "\
Examples:
  zis events replay evt_0198f0a1b2c37d4e8f90a1b2c3d4e5f6
  zis events replay --since 2026-03-01T10:00:00Z --source support --dry-run
  zis events replay --since 2026-03-01T10:00:00Z --until 2026-03-01T11:00:00Z")]
    Replay(Replay),
}

#[derive(Debug, Args)]
pub struct Replay {
    /// One event
    #[arg(required_unless_present = "since", conflicts_with_all = ["since", "until", "source", "kind"])]
    pub id: Option<String>,
    /// All that were received then or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// All that were received before (RFC 3339); now when not said
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// All of this source
    #[arg(long)]
    pub source: Option<String>,
    /// All of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    #[command(flatten)]
    pub sure: Sure,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis executions list --status failed,timed_out
  zis executions list --integration acme --format json | jq .executions[].id")]
pub struct List {
    /// Only of this integration
    #[arg(long, value_name = "KEY")]
    pub integration: Option<String>,
    /// Only of this flow
    #[arg(long)]
    pub flow: Option<String>,
    /// queued, running, waiting, retrying, succeeded, failed, cancelled or timed_out; several: separated by commas
    #[arg(long)]
    pub status: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub size: u32,
    /// text for people, json for machines
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis executions show exe_0198f0a1b2c37d4e8f90a1b2c3d4e5f6")]
pub struct Show {
    /// As `zis executions list` shows it
    pub id: String,
    /// text for people, json for machines
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis executions retry exe_0198f0a1b2c37d4e8f90a1b2c3d4e5f6
  zis executions retry --flow RefundRequestFlow --bundle current --dry-run
  zis executions retry --integration acme --since 2026-03-01T10:00:00Z --yes

Without --status, all that failed or ran out of time.")]
pub struct Retry {
    #[command(flatten)]
    pub which: Which,
    /// Where to begin
    #[arg(long, value_enum, default_value_t = From::Failure)]
    pub from: From,
    /// Which version of the bundle
    #[arg(long, value_enum, default_value_t = Version::Pinned)]
    pub bundle: Version,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    Start,
    Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Version {
    Pinned,
    Current,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis executions cancel exe_0198f0a1b2c37d4e8f90a1b2c3d4e5f6
  zis executions cancel --integration acme --status waiting,retrying --yes

Without --status, all that are open.")]
pub struct Cancel {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis logs -f
  zis logs --integration acme --level error")]
pub struct Logs {
    /// Go on printing what comes
    #[arg(short, long)]
    pub follow: bool,
    /// Only of this integration
    #[arg(long, value_name = "KEY")]
    pub integration: Option<String>,
    /// debug, info, warning or error
    #[arg(long)]
    pub level: Option<String>,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// List all tokens by their first characters
    List(ListTokens),
    /// Make a token and print it, this once
    #[command(after_help = "\
Examples:
  zis tokens create --description \"for the build\"
      an API token, for ZIS_API_TOKEN
  zis tokens create --integration acme
      an OAuth token of the integration: for its connections, configs, links
      and webhooks")]
    Create(CreateToken),
    /// Take a token back
    Revoke(RevokeToken),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis tokens list
  zis tokens list --format json")]
pub struct ListTokens {
    /// text for people, json for machines
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub format: Output,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
pub struct CreateToken {
    /// What the API token is for
    #[arg(long, default_value = "")]
    pub description: String,
    /// An OAuth token of this integration's client, instead of an API token
    #[arg(long, value_name = "KEY", conflicts_with = "description")]
    pub integration: Option<String>,
    /// Scopes of the OAuth token
    #[arg(long = "scope", value_name = "SCOPE", requires = "integration", default_values = ["read", "write"])]
    pub scopes: Vec<String>,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis tokens revoke 245023085422498")]
pub struct RevokeToken {
    /// As `zis tokens list` shows it
    pub id: i64,
    #[command(flatten)]
    pub server: Server,
}

#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Seal every secret anew with the first key
    #[command(after_help = "\
Examples:
  zis secrets rotate

To change the key:
  1. put the new key before the old one: ZIS_SECRET_KEY=NEW,OLD,
     or the same in the file secret.key
  2. restart the server (every node)
  3. zis secrets rotate
  4. drop the old key and restart")]
    Rotate(Server),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis graph bundle.json > flow.svg
  zis graph bundle.json --flow Refund --format mermaid")]
pub struct Graph {
    /// The bundle
    pub file: PathBuf,
    /// Which flow, when the bundle has several
    #[arg(long)]
    pub flow: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Svg,
    Mermaid,
    Dot,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zis man | man -l -
  zis man --out ~/.local/share/man/man1      zis.1, zis-check.1, …")]
pub struct Man {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// A page that `cargo xtask generate` keeps in `docs/reference`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    Cli,
    Configuration,
}

/// `HOST:PORT` of this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.replace("localhost:", "127.0.0.1:");
    numeric.parse().map_err(|_| "say an IP address and a port, such as 127.0.0.1:8080 or 0.0.0.0:80".to_owned())
}

/// A server's address: scheme, host and port, and nothing behind them.
fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        None => Err("say where the server is, such as http://127.0.0.1:8080 or https://acme.zendesk.com".to_owned()),
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("credentials come from the environment, never from an address (`zis --help`)".to_owned())
        }
        Some(url) if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => {
            Err(format!("leave out what follows the host: {}", url.origin().ascii_serialization()))
        }
        Some(_) => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::Cli;

    /// Columns of a narrow terminal: examples are not to be wrapped there.
    const WIDTH: usize = 80;

    /// Every command that people see, with its whole name.
    fn commands() -> Vec<(String, Command)> {
        let mut open = vec![("zis".to_owned(), Cli::command())];
        let mut all = Vec::new();
        while let Some((name, command)) = open.pop() {
            let below = command.get_subcommands().filter(|sub| !sub.is_hide_set());
            open.extend(below.map(|sub| (format!("{name} {}", sub.get_name()), sub.clone())));
            all.push((name, command));
        }
        all
    }

    fn examples(command: &Command) -> String {
        command.get_after_help().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn every_command_teaches_by_example() {
        let without: Vec<String> = commands()
            .into_iter()
            .filter(|(_, command)| !command.has_subcommands() && !examples(command).contains("Examples:"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(without, [""; 0]);
    }

    #[test]
    fn examples_fit_a_narrow_terminal() {
        let mut long = Vec::new();
        for (_, command) in commands() {
            let examples = examples(&command);
            long.extend(examples.lines().filter(|line| line.chars().count() > WIDTH).map(str::to_owned));
        }
        assert_eq!(long, [""; 0]);
    }

    #[test]
    fn every_argument_says_what_it_is() {
        let mut silent = Vec::new();
        for (name, command) in commands() {
            let without = command.get_arguments().filter(|argument| argument.get_help().is_none());
            silent.extend(without.map(|argument| format!("{name} {}", argument.get_id())));
        }
        assert_eq!(silent, [""; 0]);
    }
}
