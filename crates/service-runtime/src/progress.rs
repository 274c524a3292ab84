//! Progress for whoever watches: a bar on a terminal, else a line now and then.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// A bar on stderr, which hides itself where stderr is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    last_line: Instant,
}

impl Progress {
    /// Progress of things called `unit`; `total` of them, if there is an end.
    pub fn new(total: Option<u64>, unit: &str) -> Self {
        match total {
            Some(total) => Self::with_template(
                ProgressBar::new(total),
                &format!(
                    "{{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{per_sec}}, {{eta}} left"
                ),
            ),
            None => Self::with_template(
                ProgressBar::no_length(),
                &format!("{{human_pos}} {unit}, {{per_sec}}"),
            ),
        }
    }

    /// Progress of `total` bytes.
    pub fn of_bytes(total: u64) -> Self {
        let template = "{wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
        Self::with_template(ProgressBar::new(total), template)
    }

    fn with_template(bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        Self {
            bar: bar.with_style(style).with_finish(ProgressFinish::AndClear),
            last_line: Instant::now(),
        }
    }

    /// Moves the bar to `position`; whether the caller should write a line,
    /// because there is no bar and the last line is some time ago.
    pub fn is_line_due(&mut self, position: u64) -> bool {
        self.bar.set_position(position);
        let due = self.bar.is_hidden() && self.last_line.elapsed() >= LINE_INTERVAL;
        if due {
            self.last_line = Instant::now();
        }
        due
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
