//! A model as a person reads it.

use std::fmt;

use crate::columns::ColumnKind;
use crate::input_types::TypeSource;
use crate::pipeline::{Pipeline, Step};
use crate::turn::Turn;
use crate::{ModelIdentity, Parity, ParityRows};

/// Writes a model as aligned text.
pub(crate) struct Description<'a> {
    pub(crate) identity: &'a ModelIdentity,
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) parity_rows: Option<ParityRows>,
}

/// Where there are rows to check the model by that can't be used.
const REMEDY: &str =
    "it isn't served so: let models/parity.py write the rows, or remove the folder";
/// Longer lists of columns are cut.
const MAX_NAMES: usize = 6;

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipeline = self.pipeline;
        writeln!(f, "name      {}", self.identity.name)?;
        writeln!(f, "version   {}", self.identity.version)?;
        writeln!(f, "hash      {}", self.identity.hash)?;
        writeln!(f, "saved by  Spark {}", pipeline.spark_version)?;
        writeln!(f, "classes   {}", pipeline.schema.classes)?;
        let parity = pipeline.parity();
        match parity {
            Parity::Bytes => writeln!(f, "results   {parity}")?,
            Parity::LastBits => {
                let order = pipeline.columns.blas.order();
                writeln!(f, "results   {parity}, where it adds as {order}")?;
            }
        }
        match &self.parity_rows {
            None => writeln!(
                f,
                "parity    no rows; models/parity.py lets Spark write them"
            )?,
            Some(rows) => match rows.count() {
                Ok(0) => writeln!(f, "parity    {} holds none; {REMEDY}", rows.input.display())?,
                Ok(count) => writeln!(f, "parity    {count} rows in {}", rows.input.display())?,
                Err(error) => writeln!(f, "parity    {error}; {REMEDY}")?,
            },
        }
        writeln!(f)?;
        self.write_inputs(f)?;
        writeln!(f)?;
        writeln!(f, "stages ({})", pipeline.steps.len())?;
        for (index, step) in pipeline.steps.iter().enumerate() {
            self.write_step(f, index + 1, step)?;
        }
        Ok(())
    }
}

impl Description<'_> {
    fn write_inputs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = &self.pipeline.columns;
        writeln!(f, "input columns ({})", columns.inputs.len())?;
        let names = columns
            .inputs
            .iter()
            .map(|input| input.feature.name.chars().count());
        let width = names.max().unwrap_or(0);
        for input in &columns.inputs {
            let source = match (input.source, columns.types.file()) {
                (TypeSource::Schema, Some(file)) => format!("by {}", file.display()),
                (TypeSource::Handbook, _) => "as in the Fraud Detection Handbook".to_owned(),
                _ => "as the first stage reads it".to_owned(),
            };
            let (name, feature_type) =
                (&input.feature.name, input.feature.feature_type.to_string());
            writeln!(f, "  {name:width$}  {feature_type:7}  {source}")?;
        }
        Ok(())
    }

    fn write_step(&self, f: &mut fmt::Formatter<'_>, number: usize, step: &Step) -> fmt::Result {
        let saved = &step.saved;
        writeln!(f, "  {number}. {}  {}", saved.short_class(), saved.uid)?;
        let inputs = saved.input_columns().unwrap_or_default();
        let mut outputs = saved.output_columns().unwrap_or_default();
        write_fact(f, "reads", &names(&inputs))?;
        let Some(computes) = &step.computes else {
            write_fact(f, "writes", &names(&outputs))?;
            return writeln!(f, "     not computed: the results don't depend on it");
        };
        let written = &self.pipeline.columns.computed[computes.writes.clone()];
        let named = written.iter().filter(|column| !column.name.is_empty());
        let computed: Vec<_> = named
            .map(|column| match &column.kind {
                ColumnKind::Vector(slots) => format!("{}[{}]", column.name, slots.len()),
                _ => column.name.clone(),
            })
            .collect();
        write_fact(f, "writes", &names(&computed))?;
        outputs.retain(|output| written.iter().all(|column| column.name != *output));
        if !outputs.is_empty() {
            write_fact(f, "not computed", &names(&outputs))?;
        }
        for (label, value) in computes.stage.facts() {
            write_fact(f, label, &value)?;
        }
        if computes.turns.first_column() == Turn::NEVER {
            writeln!(
                f,
                "     computed to leave rows out: nothing reads what it writes"
            )?;
        }
        Ok(())
    }
}

fn write_fact(f: &mut fmt::Formatter<'_>, label: &str, value: &str) -> fmt::Result {
    writeln!(f, "     {label:13}  {value}")
}

fn names(names: &[String]) -> String {
    if names.len() <= MAX_NAMES {
        return names.join(", ");
    }
    let shown = names[..MAX_NAMES - 1].join(", ");
    format!("{shown}, … ({} columns)", names.len())
}
