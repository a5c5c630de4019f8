//! What the developer presses: single keys on a terminal, letters elsewhere.

use std::io::Read;

use rustix::{
    process::getpgrp,
    stdio::stdin,
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What can be asked for while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Rerun,
    Check,
    Open,
    Help,
    Quit,
}

impl Key {
    /// Letter, meaning.
    pub const ALL: [(char, &str, Key); 5] = [
        ('r', "send the last event again", Key::Rerun),
        ('c', "clear the screen and check again", Key::Check),
        ('o', "open the console in a browser", Key::Open),
        ('h', "show this help", Key::Help),
        ('q', "quit", Key::Quit),
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|(letter, ..)| u8::try_from(*letter) == Ok(byte)).map(|(.., key)| *key)
    }
}

/// The keys of standard input, as they come.
pub struct Keys {
    pressed: UnboundedReceiver<Key>,
    _terminal: Option<Unbuffered>,
}

impl Keys {
    /// Listens from now on. In the background of a shell there is nothing to listen to: to read would stop the process.
    pub fn listen() -> Self {
        let terminal = isatty(stdin());
        let ours = !terminal || tcgetpgrp(stdin()).is_ok_and(|foreground| foreground == getpgrp());
        let (press, pressed) = unbounded_channel();
        if ours {
            // A thread of its own, that nobody waits for: a read of standard input can't be called off.
            std::thread::spawn(move || {
                let keys = std::io::stdin().lock().bytes().map_while(Result::ok).filter_map(Key::of);
                keys.map_while(|key| press.send(key).ok()).for_each(drop);
            });
        }
        Self { pressed, _terminal: (terminal && ours).then(Unbuffered::enter).flatten() }
    }

    /// The next key; never, when the input has ended.
    pub async fn next(&mut self) -> Key {
        match self.pressed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

/// The terminal gives each key at once and does not show it, until this is dropped. Ctrl-C stays what it is.
struct Unbuffered {
    before: Termios,
}

impl Unbuffered {
    fn enter() -> Option<Self> {
        let before = tcgetattr(stdin()).ok()?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin(), OptionalActions::Now, &now).ok()?;
        Some(Self { before })
    }
}

impl Drop for Unbuffered {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}
