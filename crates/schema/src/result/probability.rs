//! The struct behind Spark's `VectorUDT`, as `to_json` writes it:
//! `{"type":1,"values":[…]}` is dense,
//! `{"type":0,"size":n,"indices":[…],"values":[…]}` sparse. Where Spark is told
//! to keep null fields, a dense one has a null size and null indices.

use crate::field;
use crate::json::{Cursor, Value};
use crate::{Rejection, RejectionCode};

const FIELD: &str = "probability";
const TYPE: &str = "probability.type";
const SIZE: &str = "probability.size";
const INDICES: &str = "probability.indices";
const VALUES: &str = "probability.values";

/// A sparse vector may claim any size in a few bytes; no model that is served
/// for fraud comes near this many classes.
const MAX_SPARSE_SIZE: usize = 10_000;

/// The members of the struct; the outer `None` is a missing one.
#[derive(Default)]
struct Vector {
    kind: Option<Option<i32>>,
    size: Option<Option<i32>>,
    indices: Option<Option<Vec<i32>>>,
    values: Option<Option<Vec<f64>>>,
}

/// Reads the value of the field at the position, sparse vectors too, to a dense
/// one; null is `None`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Vec<f64>>, Rejection> {
    if cursor.peek_token() != Some(b'{') {
        return match cursor.value()? {
            Value::Null => Ok(None),
            other => Err(field::wrong_type(FIELD, "a vector", other.kind())),
        };
    }
    let mut vector = Vector::default();
    let mut next_key = cursor.first_key()?;
    while let Some(key) = next_key {
        match key.text().as_ref() {
            "type" => field::put(
                TYPE,
                &mut vector.kind,
                field::integer(TYPE, &cursor.value()?)?,
            )?,
            "size" => field::put(
                SIZE,
                &mut vector.size,
                field::integer(SIZE, &cursor.value()?)?,
            )?,
            "indices" => {
                let indices = read_array(cursor, INDICES, field::integer)?;
                field::put(INDICES, &mut vector.indices, indices)?;
            }
            "values" => {
                let values = read_array(cursor, VALUES, field::double)?;
                field::put(VALUES, &mut vector.values, values)?;
            }
            _ => cursor.skip_value()?,
        }
        next_key = cursor.next_key()?;
    }
    vector.into_dense().map(Some)
}

/// Reads an array without nulls; null itself is `None`.
fn read_array<T>(
    cursor: &mut Cursor<'_>,
    name: &str,
    read_element: impl Fn(&str, &Value<'_>) -> Result<Option<T>, Rejection>,
) -> Result<Option<Vec<T>>, Rejection> {
    if cursor.peek_token() != Some(b'[') {
        return match cursor.value()? {
            Value::Null => Ok(None),
            other => Err(field::wrong_type(name, "an array", other.kind())),
        };
    }
    let mut elements = Vec::new();
    let mut more = cursor.first_element()?;
    while more {
        let element = read_element(name, &cursor.value()?)?;
        elements.push(element.ok_or_else(|| field::wrong_type(name, "without nulls", "with one"))?);
        more = cursor.next_element()?;
    }
    Ok(Some(elements))
}

impl Vector {
    fn into_dense(self) -> Result<Vec<f64>, Rejection> {
        let values = field::required(VALUES, self.values.flatten())?;
        match field::required(TYPE, self.kind.flatten())? {
            1 => Ok(values),
            0 => {
                let size = field::required(SIZE, self.size.flatten())?;
                let indices = field::required(INDICES, self.indices.flatten())?;
                densify(size, &indices, &values)
            }
            _ => {
                let message = format!("field {TYPE:?} must be 0 (sparse) or 1 (dense)");
                Err(Rejection::new(RejectionCode::OutOfRange, message))
            }
        }
    }
}

fn densify(size: i32, indices: &[i32], values: &[f64]) -> Result<Vec<f64>, Rejection> {
    let out_of_range = |problem: String| Rejection::new(RejectionCode::OutOfRange, problem);
    let size = usize::try_from(size)
        .ok()
        .filter(|&size| size <= MAX_SPARSE_SIZE);
    let size = size.ok_or_else(|| {
        out_of_range(format!(
            "field {SIZE:?} must be from 0 to {MAX_SPARSE_SIZE}"
        ))
    })?;
    let ascending = indices.is_sorted_by(|left, right| left < right);
    if !ascending || indices.len() != values.len() {
        return Err(out_of_range(format!(
            "field {INDICES:?} must ascend and have one index for each of {VALUES:?}"
        )));
    }
    let mut dense = vec![0.0; size];
    for (&index, &value) in indices.iter().zip(values) {
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| dense.get_mut(index));
        *slot.ok_or_else(|| out_of_range(format!("field {INDICES:?} must be below {SIZE:?}")))? =
            value;
    }
    Ok(dense)
}
