//! `Interaction`: all products of one value from each column, where a
//! categorical value stands for a 1 at the place of its category.

use schema::transaction::FeatureType;

use super::{Fact, Loaded, Stage};
use crate::columns::{ColumnId, ColumnKind, Columns, Slot};
use crate::saved::{MAX_WIDTH, SavedStage};
use crate::table::{ComputedColumn, Inputs, Outcomes, Values};

#[derive(Debug)]
pub(crate) struct Interaction {
    /// In the order of the stage's inputs.
    columns: Vec<InteractingColumn>,
}

#[derive(Debug)]
struct InteractingColumn {
    column: ColumnId,
    label: String,
    /// The categories of each value, where it is categorical.
    values: Vec<Option<usize>>,
}

impl InteractingColumn {
    /// Places that it takes.
    fn width(&self) -> usize {
        let places = self.values.iter().map(|categories| categories.unwrap_or(1));
        places.fold(0, usize::saturating_add)
    }
}

impl Interaction {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let mut interacting = Vec::new();
        for name in stage.input_columns()? {
            let (column, kind) = columns.read(stage, &name, FeatureType::Double)?;
            let (label, values) = match kind {
                ColumnKind::String => {
                    return Err(stage.error(format!("reads {name:?}, a string, as a number")));
                }
                ColumnKind::Vector(slots) => {
                    (name, slots.iter().map(|slot| slot.categories).collect())
                }
                ColumnKind::Integer | ColumnKind::Double => {
                    (columns.label(column), vec![columns.categories(column)])
                }
            };
            interacting.push(InteractingColumn {
                column,
                label,
                values,
            });
        }
        let widths = interacting.iter().map(InteractingColumn::width);
        let width = widths.fold(1, usize::saturating_mul);
        if width > MAX_WIDTH {
            return Err(stage.error("makes more products than any model has"));
        }
        let output = stage.required_text("outputCol")?;
        columns.add_vector(
            stage,
            &output,
            vec![Slot::of(output.as_str().into()); width],
        )?;
        Ok(Box::new(Self {
            columns: interacting,
        }))
    }
}

impl Stage for Interaction {
    /// Multiplies from the last column to the first, whose value's place
    /// counts most.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = outputs[0].vectors();
        vectors.values.fill(0.0);
        let mut products: Vec<(usize, f64)> = Vec::new();
        let mut entries = Vec::new();
        for row in 0..inputs.rows() {
            products.clear();
            products.push((0, 1.0));
            let mut width = 1;
            for column in self.columns.iter().rev() {
                if let Err(problem) = column.entries(inputs, row, &mut entries) {
                    outcomes.reject(row, || format!("{} {problem}", column.label));
                    products.clear();
                }
                let with = |(place, value): &(usize, f64)| {
                    let (place, value) = (place * width, *value);
                    let others = products.iter();
                    others.map(move |(other, product)| (other + place, product * value))
                };
                products = entries.iter().flat_map(with).collect();
                width *= column.width();
            }
            let target = vectors.row_mut(row);
            for (place, product) in &products {
                target[*place] = *product;
            }
        }
        vectors.compress();
    }

    fn facts(&self) -> Vec<Fact> {
        let width = |column: &InteractingColumn| format!("{} {}", column.label, column.width());
        let widths: Vec<_> = self.columns.iter().map(width).collect();
        vec![("places", widths.join(", "))]
    }
}

impl InteractingColumn {
    /// Sets `entries` to the places of a row's values and the values.
    fn entries(
        &self,
        inputs: &Inputs<'_>,
        row: usize,
        entries: &mut Vec<(usize, f64)>,
    ) -> Result<(), &'static str> {
        entries.clear();
        let mut place = 0;
        let mut add = |value: f64, categories: Option<usize>| {
            match categories {
                None => entries.push((place, value)),
                Some(categories)
                    if value >= 0.0 && value < categories as f64 && value.fract() == 0.0 =>
                {
                    entries.push((place + value as usize, 1.0));
                }
                Some(_) => return Err("is none of its categories"),
            }
            place += categories.unwrap_or(1);
            Ok(())
        };
        match inputs.column(self.column) {
            Values::Vector(vectors) if !vectors.valid[row] => Err("is null"),
            Values::Vector(vectors) => {
                let mut values = vectors.row(row).iter().zip(&self.values);
                values.try_for_each(|(value, categories)| add(*value, *categories))
            }
            number => add(number.number(row).ok_or("is null")?, self.values[0]),
        }
    }
}
