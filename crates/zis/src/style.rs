//! Colours of the terminal: few, and each with one meaning. `anstream` drops them where they can't be shown.

use anstyle::{AnsiColor, Style};
use zis_flow::journal::Status;

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const WARN: Style = AnsiColor::Yellow.on_default();
pub const NAME: Style = AnsiColor::Cyan.on_default();
pub const DIM: Style = Style::new().dimmed();
pub const STRONG: Style = Style::new().bold();

/// `text` in `style`.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{}{text}{}", style.render(), style.render_reset())
}

/// `1 finding`, `2 findings`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The style of an execution's status.
pub fn status(status: &str) -> Style {
    match Status::parse(status) {
        Some(Status::Succeeded) => GOOD,
        Some(Status::Failed | Status::TimedOut) => BAD,
        Some(Status::Cancelled) => DIM,
        _ => WARN,
    }
}
