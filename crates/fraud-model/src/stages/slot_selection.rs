//! `VectorSlicer` and the models of `UnivariateFeatureSelector`,
//! `ChiSqSelector` and `VarianceThresholdSelector`: some of a vector's values.

use std::collections::HashSet;

use arrow::array::Int32Array;

use super::{Fact, Loaded, Stage, VectorInput, listed};
use crate::ModelError;
use crate::columns::{Columns, Slot};
use crate::saved::{SavedStage, Table};
use crate::table::{ComputedColumn, Inputs, Outcomes};

#[derive(Debug)]
pub(crate) struct SlotSelection {
    input: VectorInput,
    /// In the order in which they stand in the new vector.
    slots: Vec<usize>,
    fields: Vec<String>,
}

impl SlotSelection {
    /// The slots of `VectorSlicer`: those by index, then those by name.
    pub(crate) fn load_slicer(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "inputCol")?;
        let mut selected = stage.integers("indices")?.unwrap_or_default();
        for name in stage.texts("names")?.unwrap_or_default() {
            let named = |slot: &Slot| slot.name.as_deref() == Some(name.as_str());
            let found = slots.iter().position(named);
            let slot = found.ok_or_else(|| {
                stage.error(format!(
                    "selects {name:?}, but no slot is known by this name"
                ))
            })?;
            selected.push(slot as i64);
        }
        Self::of_slots(stage, columns, input, &slots, &selected)
    }

    /// The slots that a selector found, in their old order.
    pub(crate) fn load_selector(stage: &SavedStage, columns: &mut Columns) -> Loaded {
        let (input, slots) = VectorInput::load(stage, columns, "featuresCol")?;
        let table = Table::read(&stage.table_folder("data"))?;
        let row = table.single_row()?;
        let selected = row.list::<Int32Array>("selectedFeatures")?.integers(0);
        let mut selected: Vec<_> = selected.iter().copied().map(i64::from).collect();
        selected.sort_unstable();
        Self::of_slots(stage, columns, input, &slots, &selected)
    }

    fn of_slots(
        stage: &SavedStage,
        columns: &mut Columns,
        input: VectorInput,
        slots: &[Slot],
        selected: &[i64],
    ) -> Loaded {
        let mut seen = HashSet::new();
        let in_range = |index: &i64| {
            let index = usize::try_from(*index).ok()?;
            (index < slots.len() && seen.insert(index)).then_some(index)
        };
        let indices: Option<Vec<_>> = selected.iter().map(in_range).collect();
        let indices = indices.ok_or_else(|| out_of_range(stage, slots, selected))?;
        let selected: Vec<_> = indices.iter().map(|index| slots[*index].clone()).collect();
        let fields = selected.iter().map(|slot| slot.field.to_string()).collect();
        columns.add_vector(stage, &stage.required_text("outputCol")?, selected)?;
        Ok(Box::new(Self {
            input,
            slots: indices,
            fields,
        }))
    }
}

fn out_of_range(stage: &SavedStage, slots: &[Slot], selected: &[i64]) -> ModelError {
    stage.error(format!(
        "selects {selected:?} of vectors of {} values; expected each once at most",
        slots.len()
    ))
}

impl Stage for SlotSelection {
    /// A sparse vector stays sparse.
    fn apply(
        &self,
        inputs: &Inputs<'_>,
        outcomes: &mut Outcomes<'_>,
        outputs: &mut [ComputedColumn],
    ) {
        let vectors = self.input.read(inputs, outcomes);
        let selection = outputs[0].vectors();
        selection.sparse.copy_from_slice(&vectors.sparse);
        for row in 0..inputs.rows() {
            let values = vectors.row(row);
            for (target, slot) in selection.row_mut(row).iter_mut().zip(&self.slots) {
                *target = values[*slot];
            }
        }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![("selects", listed(&self.fields))]
    }
}
