//! The generated pages of the manual: what `--help` says of every command, and the commented default configuration.
//! `cargo xtask generate` keeps them in `docs/reference`.

use clap::{Command, CommandFactory};

use crate::cli::{Cli, Part};

/// Columns of the help texts, whatever the terminal.
const WIDTH: usize = 88;

pub fn page(part: Part) -> String {
    match part {
        Part::Cli => cli(),
        Part::Configuration => configuration(),
    }
}

fn configuration() -> String {
    format!(
        "# Configuration\n\n\
         The defaults, as `zis serve --print-config` prints them. A file (`--config`) changes them, the environment changes the file \
         (`ZIS_SERVER__LISTEN` is `listen` of `[server]`), and flags change both.\n\n```toml\n{}\n```",
        zis_server::config::DEFAULTS.trim_end()
    )
}

fn cli() -> String {
    let mut page = "# The command line\n\nWhat `--help` says of each command.\n".to_owned();
    let mut root = Cli::command().term_width(WIDTH).disable_help_subcommand(true);
    root.build();
    describe(&root, "zis", &mut page);
    page.trim_end().to_owned()
}

/// One command and those below it. What the environment holds here is left out.
fn describe(command: &Command, name: &str, page: &mut String) {
    let help = command.clone().mut_args(|argument| argument.hide_env_values(true)).render_help().to_string();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines(&help)));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        describe(sub, &format!("{name} {}", sub.get_name()), page);
    }
}

/// Without blanks at the ends of lines.
fn lines(text: &str) -> String {
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
