//! The files of a model as a store lists them. They come from outside: checked before
//! the first byte is fetched.

use sha2::{Digest, Sha256};

use super::trouble::Trouble;

/// No model has more files and folders; more is the wrong folder.
const MAX_ENTRIES: usize = 10_000;
/// No model is larger.
const MAX_BYTES: u64 = 4 << 30;
/// No model's folders stand deeper.
const MAX_DEPTH: usize = 16;

/// A file of a model in a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RemoteFile {
    /// Below the model's folder, with `/` between the parts.
    pub(super) path: String,
    /// Bytes.
    pub(super) size: u64,
    /// What changes with the content, where the store has such a thing.
    pub(super) etag: Option<String>,
    /// Of the content, in hex digits, where the file was fetched to know it.
    pub(super) sha256: Option<String>,
}

impl RemoteFile {
    /// Whether the file is another one as soon as its model was saved anew: Spark
    /// writes the time into the pipeline's metadata, MLflow into its `MLmodel`.
    fn dates_the_model(&self) -> bool {
        let mut folders = self.path.rsplit('/').skip(1);
        self.path == "MLmodel"
            || folders.next() == Some("metadata") && !folders.any(|folder| folder == "stages")
    }
}

/// All files of a model, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct Listing {
    files: Vec<RemoteFile>,
    bytes: u64,
    /// Hidden ones and folders included.
    entries: usize,
}

impl Listing {
    /// Adds a file at `parts` below the model's folder, unless Hadoop hides it.
    ///
    /// # Errors
    /// Where a part isn't a plain name, so that the file would lie elsewhere, or where
    /// there are more files or bytes than any model has.
    pub(super) fn add<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a str>,
        size: u64,
        etag: Option<String>,
    ) -> Result<(), Trouble> {
        let parts: Vec<_> = parts.into_iter().collect();
        if !self.count(&parts)? {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MAX_BYTES {
            return Err(too_large());
        }
        self.files.push(RemoteFile {
            path: parts.join("/"),
            size,
            etag,
            sha256: None,
        });
        Ok(())
    }

    /// Takes note of a folder and says whether to look into it: not if Hadoop hides it.
    ///
    /// # Errors
    /// As those of [`Self::add`]: a folder may claim to hold itself.
    pub(super) fn enter<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> Result<bool, Trouble> {
        self.count(&parts.into_iter().collect::<Vec<_>>())
    }

    /// Whether what is at `parts` belongs to the model.
    fn count(&mut self, parts: &[&str]) -> Result<bool, Trouble> {
        if let Some(part) = parts.iter().find(|part| !is_plain(part)) {
            return Err(Trouble::Lasting(format!(
                "the store lists a file {part:?}, which would leave the model's folder: refused"
            )));
        }
        self.entries += 1;
        if self.entries > MAX_ENTRIES || parts.len() > MAX_DEPTH {
            return Err(too_large());
        }
        let is_hidden = |part: &&str| part.starts_with(['.', '_']) || part.ends_with("_$folder$");
        Ok(!parts.is_empty() && !parts.iter().any(is_hidden))
    }

    /// The listing in order, without the empty objects that stand for folders.
    pub(super) fn finish(mut self) -> Result<Self, Trouble> {
        self.files.sort();
        let is_folder = |(at, file): (usize, &RemoteFile)| {
            let inside = format!("{}/", file.path);
            let mut after = self.files[at + 1..].iter();
            file.size == 0 && after.any(|other| other.path.starts_with(&inside))
        };
        let folders: Vec<bool> = self.files.iter().enumerate().map(is_folder).collect();
        let mut folders = folders.into_iter();
        self.files.retain(|_| folders.next() == Some(false));
        if self.files.is_empty() {
            return Err(Trouble::Lasting("holds no files".to_owned()));
        }
        if let Some(pair) = self
            .files
            .windows(2)
            .find(|pair| pair[0].path == pair[1].path)
        {
            return Err(Trouble::Lasting(format!(
                "the store lists {} twice",
                pair[0].path
            )));
        }
        Ok(self)
    }

    pub(super) fn files(&self) -> &[RemoteFile] {
        &self.files
    }

    /// Of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Those of which the store doesn't tell whether they changed, but whose content
    /// tells whether the model did.
    pub(super) fn unmarked(&mut self) -> impl Iterator<Item = &mut RemoteFile> {
        let files = self.files.iter_mut();
        files.filter(|file| file.etag.is_none() && file.dates_the_model())
    }

    /// A name for the files at `url`: another one as soon as any of them changes where
    /// the store has ETags, and else as soon as one comes, goes or changes its size, or
    /// the model was saved anew.
    pub(super) fn key(&self, url: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{url}\0"));
        for file in &self.files {
            let mark = file.etag.as_ref().or(file.sha256.as_ref());
            let mark = mark.map_or("", String::as_str);
            hash.update(format!("{}\0{}\0{mark}\0", file.path, file.size));
        }
        hex::encode(&hash.finalize()[..16])
    }
}

fn too_large() -> Trouble {
    Trouble::Lasting(format!(
        "more than {MAX_ENTRIES} files, {} GiB or {MAX_DEPTH} levels: not a model's folder",
        MAX_BYTES >> 30
    ))
}

/// Whether a part of a path stays in its folder, on every file system.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part != "."
        && part != ".."
        && !part.contains(['/', '\\'])
        && !part.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(files: &[(&str, u64)]) -> Result<Listing, Trouble> {
        let mut listing = Listing::default();
        for (path, size) in files {
            listing.add(path.split('/'), *size, None)?;
        }
        listing.finish()
    }

    fn paths(files: &[(&str, u64)]) -> Vec<String> {
        let listing = listing(files).unwrap();
        listing.files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn hidden_files_and_folders_objects_are_left_out() {
        let files = [
            ("stages", 0),
            ("stages/0_a/metadata/part-00000", 9),
            ("stages/0_a/metadata/_SUCCESS", 0),
            ("stages/0_a/metadata/.part-00000.crc", 12),
            ("stages_$folder$", 0),
            ("MLmodel", 5),
        ];
        assert_eq!(paths(&files), ["MLmodel", "stages/0_a/metadata/part-00000"]);
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        for path in [
            "../evil",
            "a/../../evil",
            "/etc/evil",
            "a//b",
            "a\\..\\evil",
            "a/.",
            "a\0b",
        ] {
            let error = listing(&[(path, 1)]).unwrap_err().to_string();
            assert!(
                error.contains("would leave the model's folder"),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn what_no_model_holds_is_refused() {
        let deep = vec!["a"; MAX_DEPTH + 1].join("/");
        let many: Vec<String> = (0..=MAX_ENTRIES).map(|number| number.to_string()).collect();
        let many: Vec<(&str, u64)> = many.iter().map(|path| (path.as_str(), 0)).collect();
        for files in [
            &[("a", MAX_BYTES), ("b", 1)][..],
            &[("a", u64::MAX), ("b", 1)],
            &[(&deep, 1)],
            &many,
        ] {
            let error = listing(files).unwrap_err().to_string();
            assert!(error.contains("not a model's folder"), "{error}");
        }
        assert_eq!(
            listing(&[("_SUCCESS", 0)]).unwrap_err().to_string(),
            "holds no files"
        );
        assert!(listing(&[("a", 1), ("a", 1)]).is_err());
    }

    #[test]
    fn without_etags_the_content_of_the_files_that_date_the_model_is_part_of_the_key() {
        let mut listing = listing(&[
            ("MLmodel", 1),
            ("sparkml/metadata/part-00000", 1),
            ("sparkml/stages/0_a/metadata/part-00000", 1),
            ("sparkml/stages/0_a/data/part-00000.parquet", 1),
        ])
        .unwrap();
        let before = listing.key("mlflow-artifacts:/m");
        let mut dated = Vec::new();
        for file in listing.unmarked() {
            file.sha256 = Some("abc".to_owned());
            dated.push(file.path.clone());
        }
        assert_eq!(dated, ["MLmodel", "sparkml/metadata/part-00000"]);
        assert_ne!(listing.key("mlflow-artifacts:/m"), before);
    }

    #[test]
    fn the_key_changes_with_every_part_of_a_listing() {
        let key = |url: &str, path: &str, size, etag: Option<&str>| {
            let mut listing = Listing::default();
            listing.add([path], size, etag.map(str::to_owned)).unwrap();
            listing.finish().unwrap().key(url)
        };
        let keys = [
            key("s3://a", "f", 1, None),
            key("s3://b", "f", 1, None),
            key("s3://a", "g", 1, None),
            key("s3://a", "f", 2, None),
            key("s3://a", "f", 1, Some("x")),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert_eq!(one.len(), 32);
            assert!(!keys[at + 1..].contains(one));
        }
        assert_eq!(keys[0], key("s3://a", "f", 1, None));
    }
}
