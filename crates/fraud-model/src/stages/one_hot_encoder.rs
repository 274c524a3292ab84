//! `OneHotEncoderModel`: a 1 at the place of the category.

use arrow::array::Int32Array;

use super::{Fact, HandleInvalid, Loaded, Stage, column_pairs};
use crate::columns::{ColumnId, Columns, Slot};
use crate::saved::{MAX_WIDTH, SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct OneHotEncoder {
    columns: Vec<EncodedColumn>,
    drop_last: bool,
    handle_invalid: HandleInvalid,
}

#[derive(Debug)]
struct EncodedColumn {
    column: ColumnId,
    label: String,
    categories: usize,
}

impl OneHotEncoder {
    pub(crate) fn load(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let handle_invalid = HandleInvalid::load(stage)?;
        if handle_invalid == HandleInvalid::Skip {
            return Err(stage.error("handleInvalid \"skip\" is unknown"));
        }
        let drop_last = stage.boolean_or("dropLast", true)?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let sizes = row.list::<Int32Array>("categorySizes")?.integers(0);
        let pairs = column_pairs(stage, columns)?;
        if sizes.len() != pairs.len() {
            return Err(row.error(format!(
                "has categories of {} columns, but the stage reads {}",
                sizes.len(),
                pairs.len()
            )));
        }
        let mut encoded = Vec::new();
        for (pair, size) in pairs.into_iter().zip(sizes) {
            if !pair.is_loaded {
                continue;
            }
            let categories = usize::try_from(*size)
                .ok()
                .filter(|size| (1..MAX_WIDTH).contains(size))
                .ok_or_else(|| row.error(format!("gives {:?} {size} categories", pair.input)))?;
            let (column, _) = columns.number(stage, &pair.input)?;
            // `keep` adds a category for what is invalid, `dropLast` drops one.
            let width = categories + usize::from(handle_invalid == HandleInvalid::Keep)
                - usize::from(drop_last);
            columns.add_vector(
                stage,
                &pair.output,
                vec![Slot::of(columns.field(column)); width],
            )?;
            encoded.push(EncodedColumn {
                column,
                label: columns.label(column),
                categories,
            });
        }
        Ok(Box::new(Self {
            columns: encoded,
            drop_last,
            handle_invalid,
        }))
    }
}

impl Stage for OneHotEncoder {
    /// A null becomes a null vector, which the next stage has to deal with.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        for (at, (encoded, output)) in self.columns.iter().zip(outputs).enumerate() {
            outcomes.turn_to_column(at);
            let values = inputs.column(encoded.column);
            let vectors = output.vectors();
            vectors.values.fill(0.0);
            vectors.sparse.fill(true);
            for row in 0..inputs.rows() {
                let Some(value) = values.number(row) else {
                    vectors.valid[row] = false;
                    continue;
                };
                let place = if value >= 0.0 && value < encoded.categories as f64 {
                    value as usize
                } else {
                    let message = || format!("{} is a category not seen before", encoded.label);
                    self.handle_invalid.excludes(outcomes, row, message);
                    encoded.categories
                };
                // The category that is dropped has no place.
                if let Some(place) = vectors.row_mut(row).get_mut(place) {
                    *place = 1.0;
                }
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let sizes = self
            .columns
            .iter()
            .map(|column| column.categories.to_string());
        vec![
            ("categories", sizes.collect::<Vec<_>>().join(", ")),
            ("dropLast", self.drop_last.to_string()),
            self.handle_invalid.fact(),
        ]
    }
}
