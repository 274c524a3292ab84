//! The known fields of a transaction: finding one by its key, and putting its
//! value into its column.

use std::collections::HashMap;

use super::{FeatureColumn, TransactionBatch, TransactionSchema};
use crate::Rejection;
use crate::field::{self, LABEL, TIMESTAMP, TRANSACTION_ID};
use crate::json::{Cursor, Value};

/// What a field is besides a feature.
#[derive(Debug, Clone, Copy)]
enum Role {
    TransactionId,
    Timestamp,
    Label,
}

/// A field that is read: for its role, as a feature, or for both.
#[derive(Debug)]
struct Field {
    name: String,
    role: Option<Role>,
    /// The position of the feature's column.
    feature: Option<usize>,
}

impl Field {
    /// Whether its columns are longer than the batch, which has `row` rows.
    fn is_stored(&self, batch: &TransactionBatch, row: usize) -> bool {
        let length = match (self.role, self.feature) {
            (Some(Role::TransactionId), _) => batch.ids.len(),
            (Some(Role::Timestamp), _) => batch.timestamps.len(),
            (Some(Role::Label), _) => batch.labels.len(),
            (None, Some(column)) => batch.features[column].len(),
            (None, None) => return false,
        };
        length > row
    }
}

/// A position among the known fields.
pub(super) type FieldIndex = usize;

/// The fields that are read from a transaction.
#[derive(Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    by_name: HashMap<String, FieldIndex>,
    classes: u32,
}

impl Fields {
    pub(super) fn new(schema: &TransactionSchema) -> Self {
        let roles = [
            (TRANSACTION_ID, Role::TransactionId),
            (TIMESTAMP, Role::Timestamp),
            (LABEL, Role::Label),
        ];
        let mut fields = Vec::from(roles.map(|(name, role)| Field {
            name: name.to_owned(),
            role: Some(role),
            feature: None,
        }));
        for (column, feature) in schema.features.iter().enumerate() {
            match fields.iter_mut().find(|field| field.name == feature.name) {
                Some(field) => field.feature = Some(column),
                None => fields.push(Field {
                    name: feature.name.clone(),
                    role: None,
                    feature: Some(column),
                }),
            }
        }
        let names = fields.iter().map(|field| field.name.clone());
        Self {
            by_name: names.zip(0..).collect(),
            fields,
            classes: schema.classes,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.fields.len()
    }

    /// The field of a key, if it is known.
    pub(super) fn find(&self, key: &str) -> Option<FieldIndex> {
        self.by_name.get(key).copied()
    }

    /// Reads the value at the position into the field's columns.
    pub(super) fn read(
        &self,
        index: FieldIndex,
        cursor: &mut Cursor<'_>,
        batch: &mut TransactionBatch,
        row: usize,
    ) -> Result<(), Rejection> {
        let known = &self.fields[index];
        if !known.is_stored(batch, row) && self.read_plain(known, cursor, batch).is_some() {
            return Ok(());
        }
        let value = cursor.value()?;
        self.store(index, &value, batch, row)
    }

    /// Reads a value that is written as it nearly always is; `None` leaves everything as
    /// it was.
    fn read_plain(
        &self,
        known: &Field,
        cursor: &mut Cursor<'_>,
        batch: &mut TransactionBatch,
    ) -> Option<()> {
        match (known.role, known.feature) {
            (None, Some(column)) => match &mut batch.features[column] {
                FeatureColumn::Integer(column) => {
                    let value = cursor.plain_integer(i32::MAX.into())?;
                    column.push(Some(value as i32));
                }
                FeatureColumn::Double(column) => column.push(Some(cursor.plain_double()?)),
                FeatureColumn::String(_) => return None,
            },
            (Some(Role::TransactionId), None) => {
                batch.ids.push(cursor.plain_integer(i64::MAX)?);
            }
            (Some(Role::Timestamp), None) => batch.timestamps.push(field::plain_time(cursor)?),
            (Some(Role::Label), None) => {
                let label = cursor.plain_integer(i64::from(self.classes) - 1)?;
                batch.labels.push(Some(label as i32));
            }
            // Seldom both.
            (_, _) => return None,
        }
        Some(())
    }

    /// Appends a field's value to its columns.
    pub(super) fn store(
        &self,
        index: FieldIndex,
        value: &Value<'_>,
        batch: &mut TransactionBatch,
        row: usize,
    ) -> Result<(), Rejection> {
        let known = &self.fields[index];
        let name = &known.name;
        if known.is_stored(batch, row) {
            return Err(field::duplicate(name));
        }
        match known.role {
            Some(Role::TransactionId) => {
                let id = field::integer(name, value)?;
                batch.ids.push(field::required(name, id)?);
            }
            Some(Role::Timestamp) => {
                batch.timestamps.push(field::transaction_time(Some(value))?);
            }
            Some(Role::Label) => batch.labels.push(field::label(value, self.classes)?),
            None => {}
        }
        if let Some(column) = known.feature {
            match &mut batch.features[column] {
                FeatureColumn::Integer(column) => column.push(field::integer(name, value)?),
                FeatureColumn::Double(column) => column.push(field::double(name, value)?),
                FeatureColumn::String(column) => column.push(field::string(name, value)?),
            }
        }
        Ok(())
    }

    /// Gives a value to what the message left out, or rejects the message.
    pub(super) fn complete(
        &self,
        batch: &mut TransactionBatch,
        row: usize,
    ) -> Result<(), Rejection> {
        if batch.ids.len() == row {
            field::required::<i64>(TRANSACTION_ID, None)?;
        }
        if batch.timestamps.len() == row {
            field::transaction_time(None)?;
        }
        if batch.labels.len() == row {
            batch.labels.push(None);
        }
        for column in &mut batch.features {
            if column.len() == row {
                column.push_null();
            }
        }
        Ok(())
    }
}
