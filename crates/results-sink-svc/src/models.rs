//! The models of rows, which are few: their names stand once for a run of rows.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{
    ArrayBuilder, ArrayRef, DictionaryArray, Int32Array, Int32Builder, StringBuilder,
};
use arrow::datatypes::DataType;
use fraud_model::ModelIdentity;

/// For each row a model, or none.
#[derive(Debug)]
pub(crate) struct Models {
    /// For each row the place of its model's name and version.
    places: Int32Builder,
    names: StringBuilder,
    versions: StringBuilder,
    /// The header of the last row that had one, and the place of its model.
    last: Option<(Vec<u8>, Option<i32>)>,
}

impl Models {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            places: Int32Builder::with_capacity(rows),
            names: StringBuilder::new(),
            versions: StringBuilder::new(),
            last: None,
        }
    }

    /// The type of both columns.
    pub(crate) fn data_type() -> DataType {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    }

    /// Adds a row with this header.
    pub(crate) fn append(&mut self, header: Option<&[u8]>) {
        let place = header.and_then(|header| match &self.last {
            Some((last, place)) if last == header => *place,
            _ => self.add(header),
        });
        self.places.append_option(place);
    }

    /// The columns of names and of versions.
    pub(crate) fn finish(mut self) -> Result<[ArrayRef; 2]> {
        let places = self.places.finish();
        let column = |texts: &mut StringBuilder, places: Int32Array| -> Result<ArrayRef> {
            let texts = Arc::new(texts.finish());
            Ok(Arc::new(DictionaryArray::try_new(places, texts)?))
        };
        Ok([
            column(&mut self.names, places.clone())?,
            column(&mut self.versions, places)?,
        ])
    }

    fn add(&mut self, header: &[u8]) -> Option<i32> {
        let text = std::str::from_utf8(header).ok();
        let place = text
            .and_then(ModelIdentity::parse_header)
            .map(|(name, version)| {
                self.names.append_value(name);
                self.versions.append_value(version);
                self.names.len() as i32 - 1
            });
        self.last = Some((header.to_owned(), place));
        place
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;

    #[test]
    fn each_row_has_the_name_and_version_of_its_header() {
        let mut models = Models::with_capacity(8);
        let headers: [Option<&[u8]>; 8] = [
            None,
            Some(b"fraud@home@3"),
            Some(b"fraud@home@3"),
            Some(b"no version"),
            Some(b"no version"),
            Some(b"\xff@1"),
            Some(b"other@1"),
            Some(b"fraud@home@3"),
        ];
        for header in headers {
            models.append(header);
        }
        let columns = models.finish().unwrap().map(|column| {
            let column = arrow::compute::cast(&column, &DataType::Utf8).unwrap();
            let texts = column.as_string::<i32>().iter();
            texts
                .map(|text| text.map(str::to_owned))
                .collect::<Vec<_>>()
        });
        let texts =
            |texts: [&str; 8]| texts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
        let names = [
            "",
            "fraud@home",
            "fraud@home",
            "",
            "",
            "",
            "other",
            "fraud@home",
        ];
        assert_eq!(columns[0], texts(names));
        assert_eq!(columns[1], texts(["", "3", "3", "", "", "", "1", "3"]));
    }
}
