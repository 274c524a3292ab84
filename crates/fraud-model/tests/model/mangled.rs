//! Saved models of which a value is another: what a faulty or hostile writer
//! could have written, in files that are whole. An error that names the place,
//! or a model that scores; never a panic, and never memory without a bound.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int8Array, Int32Array, ListArray,
    RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Float64Type, Int8Type, Int32Type};
use fraud_model::{Model, ModelOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::support::{
    all_models, assert_memory_is_bounded, collect_files, copy_folder, expected_lines, score_lines,
};

/// What takes the place of a count, an index or an id.
const INTEGERS: [i32; 10] = [
    i32::MIN,
    -2,
    -1,
    0,
    1,
    2,
    7,
    1 << 20,
    (1 << 20) + 1,
    i32::MAX,
];

const DOUBLES: [f64; 8] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    -1.0,
    0.5,
    1e300,
    5e-324,
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_mangled_model_is_an_error_that_names_it_and_never_a_panic(
        model in prop::sample::select(all_models()),
        file in any::<Index>(),
        place in any::<Index>(),
        row in any::<Index>(),
        what in any::<Index>(),
    ) {
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&model, copy.path());
        let mut files = Vec::new();
        collect_files(copy.path(), &mut files);
        let file = file.get(&files);
        let mangle = Mangle { place, row, what };
        if file.extension().is_some_and(|extension| extension == "parquet") {
            mangle.table(file);
        } else {
            mangle.metadata(file);
        }
        match Model::load(copy.path(), &ModelOptions::default()) {
            Ok(model) => {
                score_lines(&model.into(), &expected_lines("random-forest", "input.jsonl")[..20]);
            }
            Err(error) => {
                let message = error.to_string();
                let names_it = message.contains(&*copy.path().to_string_lossy())
                    || message.starts_with("stage ");
                prop_assert!(names_it, "{}", message);
            }
        }
        assert_memory_is_bounded();
    }
}

/// Which value of a file becomes another, and which.
#[derive(Debug, Clone, Copy)]
struct Mangle {
    place: Index,
    row: Index,
    what: Index,
}

impl Mangle {
    /// Replaces a value of a table, however deep it is nested.
    fn table(self, path: &Path) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file"));
        let batches = reader.expect("Parquet").build().expect("a reader");
        let batches: Vec<RecordBatch> = batches.map(|batch| batch.expect("rows")).collect();
        let Some(first) = batches.first() else { return };
        let rows = arrow::compute::concat_batches(&first.schema(), &batches).expect("one schema");
        if rows.num_rows() == 0 {
            return;
        }
        let mangled: ArrayRef = self.array(&(Arc::new(StructArray::from(rows)) as ArrayRef));
        let rows = RecordBatch::from(mangled.as_struct().clone());
        let file = File::create(path).expect("a file");
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
        writer.write(&rows).expect("rows are written");
        writer.close().expect("the file is written");
    }

    fn array(self, array: &ArrayRef) -> ArrayRef {
        if array.is_empty() {
            return array.clone();
        }
        let at = self.row.index(array.len());
        match array.data_type() {
            DataType::Struct(fields) => {
                let rows = array.as_struct();
                let mut columns = rows.columns().to_vec();
                let chosen = self.place.index(columns.len());
                columns[chosen] = self.array(&columns[chosen]);
                Arc::new(StructArray::new(
                    fields.clone(),
                    columns,
                    rows.nulls().cloned(),
                ))
            }
            DataType::List(field) => {
                let lists = array.as_list::<i32>();
                let (offsets, values) = match self.what.index(4) {
                    // The last item of a list belongs to the next one.
                    0 => (moved(lists.value_offsets(), at), lists.values().clone()),
                    _ => (lists.value_offsets().to_vec(), self.array(lists.values())),
                };
                let offsets = OffsetBuffer::new(offsets.into());
                Arc::new(ListArray::new(
                    field.clone(),
                    offsets,
                    values,
                    lists.nulls().cloned(),
                ))
            }
            DataType::Int32 => {
                let mut values = array.as_primitive::<Int32Type>().values().to_vec();
                values[at] = *self.what.get(&INTEGERS);
                Arc::new(Int32Array::from(values))
            }
            DataType::Int8 => {
                let mut values = array.as_primitive::<Int8Type>().values().to_vec();
                values[at] = [0, 1, 2, -1][self.what.index(4)];
                Arc::new(Int8Array::from(values))
            }
            DataType::Float64 => {
                let mut values = array.as_primitive::<Float64Type>().values().to_vec();
                values[at] = *self.what.get(&DOUBLES);
                Arc::new(Float64Array::from(values))
            }
            DataType::Boolean => {
                let values = array.as_boolean().values().iter().enumerate();
                Arc::new(
                    values
                        .map(|(row, value)| Some(value != (row == at)))
                        .collect::<BooleanArray>(),
                )
            }
            DataType::Utf8 => {
                let values = array.as_string::<i32>().iter().enumerate();
                let other = ["", "NaN", "a\n\"b"][self.what.index(3)];
                Arc::new(
                    values
                        .map(|(row, value)| if row == at { Some(other) } else { value })
                        .collect::<StringArray>(),
                )
            }
            _ => array.clone(),
        }
    }

    /// Replaces or removes a value of a metadata file, however deep it is nested.
    fn metadata(self, path: &Path) {
        let text = fs::read_to_string(path).expect("metadata");
        let mut metadata: Value =
            serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        let mut places = Vec::new();
        collect_places(&metadata, "", &mut places);
        let place = self.place.get(&places);
        let (parent, key) = place.rsplit_once('/').expect("places begin with a slash");
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        let others = [
            json!(null),
            json!(-1),
            json!(0),
            json!(1_048_577),
            json!(2_147_483_647_u32),
            json!(1e300),
            json!(""),
            json!("Inf"),
            json!([]),
            json!({}),
            json!([-1]),
            json!(vec![0; 5000]),
            deep,
        ];
        let what = self.what.index(others.len() + 1);
        match (
            others.get(what),
            metadata.pointer_mut(parent).expect("a place"),
        ) {
            (Some(other), parent) => {
                *parent.pointer_mut(&format!("/{key}")).expect("a place") = other.clone();
            }
            (None, Value::Object(members)) => drop(members.remove(key)),
            (None, Value::Array(items)) => drop(items.pop()),
            (None, _) => unreachable!("only objects and arrays have members"),
        }
        fs::write(path, metadata.to_string()).expect("written");
    }
}

/// The offsets of which the one after `at` is one less, where it can be.
fn moved(offsets: &[i32], at: usize) -> Vec<i32> {
    let mut offsets = offsets.to_vec();
    if at + 2 < offsets.len() && offsets[at + 1] > offsets[at] {
        offsets[at + 1] -= 1;
    }
    offsets
}

/// JSON pointers to all that is in a value.
fn collect_places(value: &Value, pointer: &str, places: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| (at.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in members {
        let place = format!("{pointer}/{key}");
        collect_places(value, &place, places);
        places.push(place);
    }
}
