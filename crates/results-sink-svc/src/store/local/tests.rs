use tempfile::tempdir;

use super::*;
use crate::testing::{file_of, name};

fn store(root: &Path) -> LocalStore {
    LocalStore::new(root, "sink-1")
}

fn part(text: &'static str) -> [Bytes; 1] {
    [Bytes::from_static(text.as_bytes())]
}

#[test]
fn a_name_is_taken_once_and_its_file_stays_as_it_is() {
    let folder = tempdir().unwrap();
    let store = store(&folder.path().join("not/there/yet"));
    assert_eq!(store.prepare().unwrap(), Probed::Reliable);
    assert_eq!(
        store.create(&name(7), &part("first")).unwrap(),
        Created::New
    );
    assert_eq!(
        store.create(&name(7), &part("second")).unwrap(),
        Created::NameTaken
    );
    assert_eq!(fs::read(store.path(&name(7))).unwrap(), b"first");
    assert!(entries(&store.staging_folder()).unwrap().is_empty());
}

#[test]
fn files_are_listed_from_a_date_on_with_those_of_unknown_date() {
    let folder = tempdir().unwrap();
    let store = store(folder.path());
    assert_eq!(store.list(None).unwrap(), []);
    let paths = [
        "date=2019-11-09/results+0+00000000000000000000.parquet",
        "date=2019-11-10/results+0+00000000000000000005.parquet",
        "date=unknown/results+3+00000000000000000009.parquet",
    ];
    for path in paths {
        store
            .create(&FileName::parse(path).unwrap(), &part(""))
            .unwrap();
    }
    for other in [
        "date=2019-11-10/part-0.parquet",
        "date=2019-11-10/_SUCCESS",
        "notes",
    ] {
        fs::write(folder.path().join(other), "").unwrap();
    }
    let listed = |since: Option<&str>| {
        let since = since.map(|folder| FileDate::parse_folder(folder).unwrap());
        let mut names: Vec<String> = store
            .list(since)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        names.sort();
        names
    };
    assert_eq!(listed(None), paths);
    assert_eq!(listed(Some("date=unknown")), paths);
    assert_eq!(listed(Some("date=2019-11-10")), paths[1..]);
    assert_eq!(listed(Some("date=2019-11-11")), paths[2..]);
}

#[test]
fn leftovers_of_this_instance_are_removed_and_no_others() {
    let folder = tempdir().unwrap();
    let store = store(folder.path());
    fs::create_dir_all(store.staging_folder()).unwrap();
    for file in [
        "sink-1+results+0+00000000000000000000.parquet",
        "sink-1+probe-link",
        "sink-10+results+0+00000000000000000000.parquet",
    ] {
        fs::write(store.staging_folder().join(file), "half").unwrap();
    }
    assert_eq!(store.prepare().unwrap(), Probed::Reliable);
    assert_eq!(
        entries(&store.staging_folder()).unwrap(),
        ["sink-10+results+0+00000000000000000000.parquet"]
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_works_when_it_can() {
    let folder = tempdir().unwrap();
    let store = store(folder.path());
    // A file in its place refuses even root, unlike permissions.
    fs::write(store.staging_folder(), "").unwrap();
    assert!(store.prepare().is_err());
    let error = store.create(&name(0), &part("x")).unwrap_err().to_string();
    assert!(error.starts_with("cannot create"), "{error}");
    assert!(error.contains("_tmp"), "{error}");
    assert!(!store.path(&name(0)).exists());
    fs::remove_file(store.staging_folder()).unwrap();
    assert_eq!(store.create(&name(0), &part("x")).unwrap(), Created::New);
}

#[test]
fn an_instance_id_cannot_leave_the_staging_folder() {
    let folder = tempdir().unwrap();
    let store = LocalStore::new(folder.path(), "../a+b/c");
    store.create(&name(0), &part("x")).unwrap();
    assert_eq!(store.staging_prefix, ".._a_b_c+");
}

#[test]
fn a_file_tells_its_summary_and_a_foreign_one_tells_none() {
    let folder = tempdir().unwrap();
    let store = store(folder.path());
    let file = file_of(3..=8);
    store.create(&file.name, &file.parts).unwrap();
    assert_eq!(store.summary(&file.name).unwrap(), Some(file.summary));
    let whole = fs::read(store.path(&file.name)).unwrap();
    for (first_offset, content) in [
        (100, &b""[..]),
        (101, b"PAR1PAR1"),
        (102, &whole[..whole.len() - 1]),
    ] {
        fs::write(store.path(&name(first_offset)), content).unwrap();
        assert_eq!(store.summary(&name(first_offset)).unwrap(), None);
    }
    assert!(store.summary(&name(103)).is_err());
}
