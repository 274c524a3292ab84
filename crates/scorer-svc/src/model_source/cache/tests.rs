use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";

struct World {
    cache: Cache,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("not/there/yet")).unwrap();
        Self {
            cache,
            _folder: folder,
        }
    }

    /// A model of two files, on its way.
    fn fetch(&self) -> (Unfinished, Vec<CachedFile>) {
        let unfinished = self.cache.begin().unwrap();
        let files = [("MLmodel", "flavors"), ("sparkml/part", "0123456789")];
        let fetched = files.map(|(path, text)| {
            let file = unfinished.model().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            let (size, sha256) = digest(&file).unwrap();
            CachedFile {
                path: path.to_owned(),
                size,
                sha256,
            }
        });
        (unfinished, fetched.into())
    }

    fn published(&self) -> PathBuf {
        let (unfinished, files) = self.fetch();
        self.cache.publish(unfinished, KEY, files).unwrap();
        self.cache.find(KEY).unwrap().expect("it was published")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.cache.folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[test]
fn a_published_model_is_found_with_all_its_files() {
    let world = World::new();
    assert_eq!(world.cache.find(KEY).unwrap(), None);
    let model = world.published();
    assert_eq!(
        fs::read_to_string(model.join("sparkml/part")).unwrap(),
        "0123456789"
    );
    assert_eq!(world.names(), [KEY]);
}

#[test]
fn what_was_not_finished_is_never_found_and_goes_away() {
    let world = World::new();
    let (unfinished, _) = world.fetch();
    assert_eq!(world.cache.find(KEY).unwrap(), None);
    drop(unfinished);
    assert!(world.names().is_empty());
}

#[test]
fn a_slower_process_leaves_the_model_of_the_faster_one() {
    let world = World::new();
    let (slower, files) = world.fetch();
    let model = world.published();
    world.cache.publish(slower, KEY, files).unwrap();
    assert_eq!(world.cache.find(KEY).unwrap(), Some(model));
    assert_eq!(world.names(), [KEY]);
}

#[test]
fn a_damaged_model_is_removed() {
    let damages: [fn(&Path); 6] = [
        |model| fs::write(model.join("sparkml/part"), "012345678X").unwrap(),
        |model| fs::write(model.join("sparkml/part"), "012345").unwrap(),
        |model| fs::remove_file(model.join("MLmodel")).unwrap(),
        |model| fs::write(model.join("schema.json"), "{}").unwrap(),
        |model| fs::remove_file(model.with_file_name(FILES)).unwrap(),
        |model| fs::remove_dir_all(model).unwrap(),
    ];
    for damage in damages {
        let world = World::new();
        damage(&world.published());
        assert_eq!(world.cache.find(KEY).unwrap(), None);
        assert!(world.names().is_empty());
    }
}

#[test]
fn what_nobody_used_for_long_is_removed_when_another_model_comes() {
    let world = World::new();
    let old = world.cache.folder.join("old");
    fs::create_dir(&old).unwrap();
    fs::write(old.join(FILES), "[]").unwrap();
    let long_ago = SystemTime::now() - MAX_IDLE - Duration::from_secs(60);
    let files = File::open(old.join(FILES)).unwrap();
    files.set_modified(long_ago).unwrap();
    world.published();
    assert_eq!(world.names(), [KEY]);
}

#[test]
fn a_folder_that_cannot_be_made_names_the_key_to_set() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Cache::open(&file.path().join("cache"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("set scorer.model_cache"), "{error}");
}
