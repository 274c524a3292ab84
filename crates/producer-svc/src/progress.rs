//! Progress for whoever watches: a bar on a terminal, else a line now and then.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// A bar on stderr, which hides itself where stderr is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    last_line: Instant,
}

impl Progress {
    /// Progress of things called `unit`; `total` of them, if there is an end.
    pub(crate) fn new(total: Option<u64>, unit: &str) -> Self {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                format!(
                    "{{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{per_sec}}, {{eta}} left"
                ),
            ),
            None => (
                ProgressBar::no_length(),
                format!("{{human_pos}} {unit}, {{per_sec}}"),
            ),
        };
        let style = ProgressStyle::with_template(&template).expect("the template is well-formed");
        Self {
            bar: bar.with_style(style),
            last_line: Instant::now(),
        }
    }

    /// Moves the bar to `position`; whether the caller should write a line,
    /// because there is no bar and the last line is some time ago.
    pub(crate) fn is_line_due(&mut self, position: u64) -> bool {
        self.bar.set_position(position);
        let due = self.bar.is_hidden() && self.last_line.elapsed() >= LINE_INTERVAL;
        if due {
            self.last_line = Instant::now();
        }
        due
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
