//! The parity gate: a model that has transactions with Spark's results beside
//! it answers them as Spark did, or isn't served.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use fraud_model::{Difference, Model, Parity, ParityRows};
use tracing::info;

use crate::expectation::Expectation;
use crate::lines::{Answer, Lines};

/// Replays the rows in `folder`, else those beside the model; without any, any
/// model passes.
pub(crate) fn pass(model: &Arc<Model>, folder: Option<&Path>) -> anyhow::Result<()> {
    let rows = match folder {
        Some(folder) => ParityRows::in_folder(folder),
        None => match model.parity_rows() {
            Some(rows) => rows,
            None => return Ok(()),
        },
    };
    let expectation = replay(model, &rows).with_context(|| {
        format!(
            "cannot check that {} answers as Spark did (models/parity.py writes both files)",
            model.identity().header()
        )
    })?;
    match expectation.verdict()? {
        Ok(agreement) if agreement.lines == 0 => bail!(
            "{} holds no transactions to check the model by; \
             write them with models/parity.py, or remove the folder",
            rows.input.display()
        ),
        Ok(agreement) => {
            info!(
                rows = agreement.lines,
                near = agreement.near,
                file = %rows.output.display(),
                "the model answers as Spark did"
            );
            Ok(())
        }
        Err(difference) => Err(anyhow!(refusal(model, &rows, &difference))),
    }
}

/// Compares every answer with Spark's, up to the first that differs.
fn replay(model: &Arc<Model>, rows: &ParityRows) -> anyhow::Result<Expectation> {
    let cannot_read = || format!("cannot read {}", rows.input.display());
    let mut transactions = BufReader::new(File::open(&rows.input).with_context(cannot_read)?);
    let mut expectation = Expectation::open(&rows.output, model.parity())?;
    let mut lines = Lines::new(model);
    let mut line = Vec::new();
    loop {
        line.clear();
        let is_end = transactions
            .read_until(b'\n', &mut line)
            .with_context(cannot_read)?
            == 0;
        if !is_end {
            lines.push(line.strip_suffix(b"\n").unwrap_or(&line));
        }
        if is_end || lines.is_full() {
            lines.score(|_, answer| match answer {
                Answer::Result(result) => expectation.compare(result),
                Answer::Skipped => expectation.compare(b"skipped"),
                Answer::Rejected(rejection) => {
                    expectation.compare(rejection.to_string().as_bytes())
                }
            })?;
        }
        if is_end || expectation.differs() {
            return Ok(expectation);
        }
    }
}

/// What differs, and what to do, in one line.
fn refusal(model: &Model, rows: &ParityRows, difference: &Difference) -> String {
    let remedy = match model.parity() {
        Parity::Bytes => "",
        Parity::LastBits => {
            "if only last bits differ, set scorer.dot_order to that of the Spark that wrote them, \
             or save the model again with that Spark; else "
        }
    };
    format!(
        "model {} does not answer the rows of {} as Spark did: {}, {difference}; \
         {remedy}let models/parity.py write the rows anew if they are of another model or schema",
        model.identity().header(),
        rows.input.display(),
        rows.output.display(),
    )
}
