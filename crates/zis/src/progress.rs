//! What takes longer than a moment says how far it is: one line on standard error of a terminal, which vanishes.
//! Elsewhere, and where the output is for machines, nothing.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::{
    cli::Output,
    style::{self, paint},
};

/// What has ended before is not worth a line.
const SHOW_AFTER: Duration = Duration::from_millis(500);
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Something that moves.
const FRAMES: [char; 8] = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇', '⠏', '⠹'];

/// The line, until it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// `what` is under way, nobody knows for how long.
    pub fn wait(what: impl Into<String>, output: Output) -> Self {
        Self::new(None, what.into(), output)
    }

    /// `what` is under way in `total` steps.
    pub fn steps(what: impl Into<String>, total: usize, output: Output) -> Self {
        Self::new(u64::try_from(total).ok(), what.into(), output)
    }

    fn new(total: Option<u64>, what: String, output: Output) -> Self {
        let target = match output {
            Output::Text => ProgressDrawTarget::stderr(),
            Output::Json => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(total, target);
        let began = Instant::now();
        let draw = move |state: &ProgressState, line: &mut dyn Write| {
            let text = text(&what, state.pos(), state.len(), began.elapsed());
            let _ = line.write_str(&text.map(|text| paint(style::DIM, text)).unwrap_or_default());
        };
        bar.set_style(ProgressStyle::with_template("{line}").expect("a template of one name").with_key("line", draw));
        if !bar.is_hidden() {
            bar.enable_steady_tick(DRAW_EVERY);
        }
        Self(bar)
    }

    /// One step more is done.
    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// What the line says after this time.
fn text(what: &str, done: u64, total: Option<u64>, elapsed: Duration) -> Option<String> {
    let frame = usize::try_from(elapsed.as_millis() / DRAW_EVERY.as_millis()).unwrap_or_default() % FRAMES.len();
    let steps = total.map(|total| format!(" {done}/{total}")).unwrap_or_default();
    (elapsed >= SHOW_AFTER).then(|| format!("{} {what}{steps} ({} s)", FRAMES[frame], elapsed.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_what_is_quick() {
        let said = |done, total, ms| text("testing", done, total, Duration::from_millis(ms)).unwrap_or_default();
        assert_eq!(said(0, None, 499), "");
        assert_eq!(said(0, None, 500), "⠇ testing (0 s)");
        assert_eq!(said(3, Some(40), 1600), "⠋ testing 3/40 (1 s)");
    }
}
