//! Errors as a person reads them.

use std::error::Error;

/// An error and its causes in one line. Many libraries put the cause into the text and
/// name it as the source too: what was said isn't said again.
pub fn error_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = one_line(cause);
        if line.is_empty() {
            line = text;
        } else if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
    }
    line
}

fn one_line(error: &dyn Error) -> String {
    let text = error.to_string();
    text.replace(char::is_control, " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io;

    use anyhow::{Context as _, anyhow};

    #[test]
    fn causes_follow_each_other_and_none_is_told_twice() {
        let missing = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error = anyhow!(missing)
            .context("model/metadata: no such file")
            .context("cannot load model x");
        assert_eq!(
            error_line(&error),
            "cannot load model x: model/metadata: no such file"
        );
    }

    #[test]
    fn an_error_of_several_lines_becomes_one() {
        let error = Err::<(), _>(anyhow!("expected one of\n  a\tb\n")).context("bad file");
        assert_eq!(
            error_line(&error.unwrap_err()),
            "bad file: expected one of   a b"
        );
    }
}
