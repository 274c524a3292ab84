//! `VectorAssembler`: numbers and vectors, side by side in one vector.

use schema::transaction::FeatureType;

use super::{Fact, HandleInvalid, Loaded, Stage};
use crate::columns::{ColumnId, ColumnKind, Columns, Slot};
use crate::saved::SavedStage;
use crate::table::{ComputedColumn, Inputs, Outcomes, Values};

#[derive(Debug)]
pub(crate) struct VectorAssembler {
    parts: Vec<Part>,
    handle_invalid: HandleInvalid,
}

/// An input column and where its values go.
#[derive(Debug)]
struct Part {
    column: ColumnId,
    label: String,
    offset: usize,
}

impl VectorAssembler {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let handle_invalid = HandleInvalid::load(stage)?;
        let mut parts = Vec::new();
        let mut slots = Vec::new();
        for name in stage.input_columns()? {
            let (column, kind) = columns.read(stage, &name, FeatureType::Double)?;
            let offset = slots.len();
            let label = match kind {
                ColumnKind::String => {
                    return Err(stage.error(format!("reads {name:?}, a string, as a number")));
                }
                ColumnKind::Vector(part) => {
                    columns.check_width(stage, offset + part.len())?;
                    slots.extend(part.into_iter().enumerate().map(|(index, slot)| {
                        let name = match &slot.name {
                            Some(inner) => format!("{name}_{inner}"),
                            None => format!("{name}_{index}"),
                        };
                        named(slot, &name)
                    }));
                    name
                }
                ColumnKind::Integer | ColumnKind::Double => {
                    let slot = Slot {
                        categories: columns.categories(column),
                        ..Slot::of(columns.field(column))
                    };
                    slots.push(named(slot, &name));
                    columns.label(column)
                }
            };
            parts.push(Part {
                column,
                label,
                offset,
            });
        }
        columns.add_vector(stage, &stage.required_text("outputCol")?, slots)?;
        Ok(Box::new(Self {
            parts,
            handle_invalid,
        }))
    }
}

impl Stage for VectorAssembler {
    /// A null or NaN number is invalid, and so is a null vector; NaN inside a
    /// vector is not. Zeros of either sign become 0.0, since Spark leaves
    /// zeros out and fills them in again.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = outputs[0].vectors();
        for part in &self.parts {
            let column = inputs.column(part.column);
            if let Values::Vector(nested) = column {
                for row in 0..inputs.rows() {
                    let target = &mut vectors.row_mut(row)[part.offset..part.offset + nested.width];
                    for (target, value) in target.iter_mut().zip(nested.row(row)) {
                        *target = value + 0.0;
                    }
                    if !nested.valid[row] {
                        target.fill(f64::NAN);
                        let message = || format!("{} is null", part.label);
                        self.handle_invalid.excludes(outcomes, row, message);
                    }
                }
                continue;
            }
            for row in 0..inputs.rows() {
                let value = column.number(row);
                vectors.row_mut(row)[part.offset] = value.unwrap_or(f64::NAN) + 0.0;
                if value.is_none_or(f64::is_nan) {
                    let what = if value.is_none() { "null" } else { "NaN" };
                    let message = || format!("{} is {what}", part.label);
                    self.handle_invalid.excludes(outcomes, row, message);
                }
            }
        }
        vectors.compress();
    }

    fn facts(&self) -> Vec<Fact> {
        vec![self.handle_invalid.fact()]
    }
}

fn named(slot: Slot, name: &str) -> Slot {
    Slot {
        name: Some(name.into()),
        ..slot
    }
}
