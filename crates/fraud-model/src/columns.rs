//! Names of columns, resolved while a pipeline is loaded, so that scoring
//! looks nothing up.

use std::collections::HashSet;
use std::sync::Arc;

use schema::transaction::{Feature, FeatureType};

use crate::ModelError;
use crate::blas::Blas;
use crate::input_types::{InputTypes, TypeSource};
use crate::saved::{MAX_WIDTH, SavedStage};
use crate::turn::StageTurns;

/// The 15 features with their types, in the order in which the seed's producer
/// writes them between `ts` and `tx_fraud`.
pub fn handbook_columns() -> Vec<Feature> {
    let mut columns = vec![
        feature("tx_amount", FeatureType::Double),
        feature("is_weekend", FeatureType::Integer),
        feature("is_night", FeatureType::Integer),
    ];
    for (entity, measure) in [("customer", "avg_amount"), ("terminal", "risk")] {
        for days in [1, 7, 30] {
            let count = format!("{entity}_id_nb_tx_{days}day_window");
            let measure = format!("{entity}_id_{measure}_{days}day_window");
            columns.push(feature(&count, FeatureType::Integer));
            columns.push(feature(&measure, FeatureType::Double));
        }
    }
    columns
}

fn feature(name: &str, feature_type: FeatureType) -> Feature {
    Feature {
        name: name.to_owned(),
        feature_type,
    }
}

/// Where a column's values are while scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnId {
    /// A feature of the transaction, by its place in the schema.
    Input(usize),
    /// A column that a stage computes.
    Computed(usize),
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Integer,
    Double,
    String,
    /// Vectors with these slots.
    Vector(Vec<Slot>),
}

/// A place in a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The field, or the column, that its value comes from.
    pub(crate) field: Arc<str>,
    /// Its name in Spark's metadata of the column, where that is known.
    pub(crate) name: Option<Arc<str>>,
    /// How many categories it has, where it is categorical (`NominalAttribute`
    /// in Spark's sources).
    pub(crate) categories: Option<usize>,
}

impl Slot {
    /// A slot of which nothing is known but the field.
    pub(crate) fn of(field: Arc<str>) -> Self {
        Self {
            field,
            name: None,
            categories: None,
        }
    }
}

/// A column that is read from transactions.
#[derive(Debug)]
pub(crate) struct InputColumn {
    pub(crate) feature: Feature,
    pub(crate) source: TypeSource,
}

/// A column that a stage computes.
#[derive(Debug)]
pub(crate) struct ComputedInfo {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    /// The field that a number was computed from.
    field: Arc<str>,
    /// How many categories a number has, where it is categorical.
    categories: Option<usize>,
}

/// The columns known so far, as the stages are loaded one by one.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) types: InputTypes,
    /// How the stages that are loaded add products.
    pub(crate) blas: Blas,
    /// When Spark comes to the stage that is being loaded.
    pub(crate) turns: StageTurns,
    made: HashSet<String>,
    pub(crate) inputs: Vec<InputColumn>,
    pub(crate) computed: Vec<ComputedInfo>,
}

impl Columns {
    /// No columns yet; `made` are the names of those that no transaction has.
    pub(crate) fn new(types: InputTypes, blas: Blas, made: HashSet<String>) -> Self {
        Self {
            types,
            blas,
            turns: StageTurns::default(),
            made,
            inputs: Vec::new(),
            computed: Vec::new(),
        }
    }

    /// The column `name` that `stage` reads: computed by an earlier stage, else
    /// an input, which is of the type `default` if nothing else is known of it.
    pub(crate) fn read(
        &mut self,
        stage: &SavedStage,
        name: &str,
        default: FeatureType,
    ) -> Result<(ColumnId, ColumnKind), ModelError> {
        if let Some((id, kind)) = self.computed(name) {
            return Ok((id, kind.clone()));
        }
        let known = self
            .inputs
            .iter()
            .position(|input| input.feature.name == name);
        let index = match known {
            Some(index) => index,
            None if self.made.contains(name) => {
                return Err(stage.error(format!(
                    "reads {name:?}, which another stage makes, but not before it or not in a \
                     way that is supported"
                )));
            }
            None => self.add_input(name, default)?,
        };
        let kind = match self.inputs[index].feature.feature_type {
            FeatureType::Integer => ColumnKind::Integer,
            FeatureType::Double => ColumnKind::Double,
            FeatureType::String => ColumnKind::String,
        };
        Ok((ColumnId::Input(index), kind))
    }

    /// The column `name`, which `stage` reads as integers or doubles.
    pub(crate) fn number(
        &mut self,
        stage: &SavedStage,
        name: &str,
    ) -> Result<(ColumnId, ColumnKind), ModelError> {
        match self.read(stage, name, FeatureType::Double)? {
            (_, ColumnKind::String) => {
                Err(stage.error(format!("reads {name:?}, a string, as a number")))
            }
            (_, ColumnKind::Vector(_)) => {
                Err(stage.error(format!("reads {name:?}, a vector, as a number")))
            }
            number => Ok(number),
        }
    }

    /// The column `name`, which `stage` reads as vectors, and its slots.
    pub(crate) fn vector(
        &self,
        stage: &SavedStage,
        name: &str,
    ) -> Result<(ColumnId, Vec<Slot>), ModelError> {
        match self.computed(name) {
            Some((id, ColumnKind::Vector(slots))) => Ok((id, slots.clone())),
            Some(_) => Err(stage.error(format!("reads {name:?} as a vector, but it is none"))),
            None => Err(stage.error(format!(
                "reads the vector {name:?}, which no stage before it makes; \
                 transactions hold numbers and strings only"
            ))),
        }
    }

    /// The field of the transaction that a column of numbers comes from.
    pub(crate) fn field(&self, id: ColumnId) -> Arc<str> {
        match id {
            ColumnId::Input(index) => self.inputs[index].feature.name.as_str().into(),
            ColumnId::Computed(index) => self.computed[index].field.clone(),
        }
    }

    /// How a message names a column of numbers: by the field, and by the
    /// column where that is another.
    pub(crate) fn label(&self, id: ColumnId) -> String {
        match id {
            ColumnId::Input(index) => self.inputs[index].feature.name.clone(),
            ColumnId::Computed(index) => {
                let ComputedInfo { name, field, .. } = &self.computed[index];
                match **field == **name {
                    true => name.clone(),
                    false => format!("{name} (from {field})"),
                }
            }
        }
    }

    /// Adds a column of numbers that `stage` computes from the column `from`.
    pub(crate) fn add_number(
        &mut self,
        stage: &SavedStage,
        name: &str,
        kind: ColumnKind,
        from: ColumnId,
    ) -> Result<(), ModelError> {
        let field = self.field(from);
        self.add(stage, name, kind, field)
    }

    /// Adds a column of the numbers of `categories` categories.
    pub(crate) fn add_category(
        &mut self,
        stage: &SavedStage,
        name: &str,
        categories: usize,
        from: ColumnId,
    ) -> Result<(), ModelError> {
        self.add_number(stage, name, ColumnKind::Double, from)?;
        let added = self.computed.last_mut();
        added.expect("a column was added").categories = Some(categories);
        Ok(())
    }

    /// Adds the column of a classifier's predictions.
    pub(crate) fn add_prediction(
        &mut self,
        stage: &SavedStage,
        name: &str,
    ) -> Result<(), ModelError> {
        self.add(stage, name, ColumnKind::Double, name.into())
    }

    /// How many categories a column of numbers has, where it is categorical.
    pub(crate) fn categories(&self, id: ColumnId) -> Option<usize> {
        match id {
            ColumnId::Input(_) => None,
            ColumnId::Computed(index) => self.computed[index].categories,
        }
    }

    /// Adds a column of vectors that `stage` computes. An empty name is none:
    /// no later stage can read it.
    pub(crate) fn add_vector(
        &mut self,
        stage: &SavedStage,
        name: &str,
        slots: Vec<Slot>,
    ) -> Result<(), ModelError> {
        self.add(stage, name, ColumnKind::Vector(slots), name.into())
    }

    fn add(
        &mut self,
        stage: &SavedStage,
        name: &str,
        kind: ColumnKind,
        field: Arc<str>,
    ) -> Result<(), ModelError> {
        if let ColumnKind::Vector(slots) = &kind {
            self.check_width(stage, slots.len())?;
        }
        let taken = self.computed(name).is_some()
            || self.inputs.iter().any(|input| input.feature.name == name);
        if taken && !stage.may_overwrite() {
            return Err(stage.error(format!(
                "writes the column {name:?}, which is there already"
            )));
        }
        self.computed.push(ComputedInfo {
            name: name.to_owned(),
            kind,
            field,
            categories: None,
        });
        Ok(())
    }

    /// Checks that vectors of `width` values can be added.
    pub(crate) fn check_width(&self, stage: &SavedStage, width: usize) -> Result<(), ModelError> {
        let widths = self.computed.iter().map(|column| match &column.kind {
            ColumnKind::Vector(slots) => slots.len(),
            _ => 1,
        });
        if width == 0 || width.saturating_add(widths.sum()) > MAX_WIDTH {
            return Err(stage.error(format!(
                "makes vectors of {width} values; 1 to {MAX_WIDTH} in a pipeline can be computed"
            )));
        }
        Ok(())
    }

    /// The last column of this name: a stage may have written over an earlier one.
    fn computed(&self, name: &str) -> Option<(ColumnId, &ColumnKind)> {
        let named = |column: &ComputedInfo| column.name == name && !name.is_empty();
        let index = self.computed.iter().rposition(named)?;
        Some((ColumnId::Computed(index), &self.computed[index].kind))
    }

    fn add_input(&mut self, name: &str, default: FeatureType) -> Result<usize, ModelError> {
        let (feature_type, source) = self.types.of(name, default)?;
        self.inputs.push(InputColumn {
            feature: feature(name, feature_type),
            source,
        });
        Ok(self.inputs.len() - 1)
    }
}
