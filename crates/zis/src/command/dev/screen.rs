//! The head of the screen: where everything is, and what can be pressed.

use std::{io::IsTerminal, path::Path, time::Duration};

use super::keys::Key;
use crate::style::{self, paint};

/// Clears a terminal with what has scrolled off it, and goes to its top.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// What stands at the top.
pub struct Screen {
    pub base: String,
    pub email: &'static str,
    pub password: String,
    /// From the start until it listened.
    pub ready_in: Duration,
}

impl Screen {
    pub fn console(&self) -> String {
        format!("{}/console", self.base)
    }

    /// On a terminal, begins a new screen; elsewhere, says it once like any other line.
    pub fn show<'f>(&self, files: impl Iterator<Item = &'f Path>) {
        if std::io::stdout().is_terminal() {
            print!("{CLEAR}");
        }
        let name = paint(style::GOOD, format!("zis {}", env!("CARGO_PKG_VERSION")));
        anstream::println!("{name}  {}\n", paint(style::DIM, format!("ready in {} ms", self.ready_in.as_millis())));
        anstream::println!("listening on {}", paint(style::NAME, &self.base));
        self.line("console", &paint(style::NAME, self.console()));
        self.line("sign in", &format!("{} with {}", self.email, paint(style::STRONG, &self.password)));
        let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
        let none = "none: name a bundle to follow, zis dev bundle.json".to_owned();
        self.line("bundles", &if files.is_empty() { paint(style::DIM, none) } else { files.join(", ") });
        anstream::println!("\n{}", paint(style::DIM, "press h for help"));
    }

    fn line(&self, what: &str, text: &str) {
        anstream::println!("{:<12} {text}", what);
    }

    pub fn help() {
        for (letter, meaning, _) in Key::ALL {
            anstream::println!("  {}  {meaning}", paint(style::STRONG, letter));
        }
    }
}
