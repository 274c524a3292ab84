//! Saved models with damaged files: an error that names the file, or a model
//! that scores, and never a panic. `PROPTEST_CASES` sets how many are tried.

use std::fs;
use std::path::{Path, PathBuf};

use fraud_model::{Model, ModelOptions};
use proptest::prelude::*;

use crate::support::{
    all_models, assert_memory_is_bounded, collect_files, copy_folder, expected_lines, score_lines,
};

#[derive(Debug, Clone)]
enum Damage {
    Cut {
        at: prop::sample::Index,
    },
    Flip {
        at: prop::sample::Index,
        bits: u8,
    },
    Zero {
        at: prop::sample::Index,
        bytes: usize,
    },
    Remove,
    RemoveFolder,
    Duplicate,
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        2 => index().prop_map(|at| Damage::Cut { at }),
        6 => (index(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip { at, bits }),
        2 => (index(), 1..64_usize).prop_map(|(at, bytes)| Damage::Zero { at, bytes }),
        1 => Just(Damage::Remove),
        1 => Just(Damage::RemoveFolder),
        1 => Just(Damage::Duplicate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_model_is_an_error_that_names_it_and_never_a_panic(
        model in prop::sample::select(all_models()),
        file in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&model, copy.path());
        let mut files = Vec::new();
        collect_files(copy.path(), &mut files);
        let damaged: &PathBuf = file.get(&files);
        apply(&damage, damaged);
        match Model::load(copy.path(), &ModelOptions::default()) {
            // What was hit may not matter, and a number may have become another.
            Ok(model) => {
                score_lines(&model.into(), &expected_lines("random-forest", "input.jsonl")[..20]);
            }
            Err(error) => {
                let message = error.to_string();
                let names_it = message.contains(&*copy.path().to_string_lossy())
                    || message.starts_with("stage ");
                prop_assert!(names_it, "{}", message);
                prop_assert!(!message.contains('\n'), "{}", message);
            }
        }
        assert_memory_is_bounded();
    }
}

#[test]
fn every_file_that_is_missing_is_missed() {
    for model in all_models() {
        let copy = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&model, copy.path());
        let mut files = Vec::new();
        collect_files(copy.path(), &mut files);
        for file in files {
            let aside = copy.path().join("aside");
            fs::rename(&file, &aside).expect("moved away");
            let loaded = Model::load(copy.path(), &ModelOptions::default());
            let message = loaded.expect_err("an incomplete model").to_string();
            let folder = file.parent().expect("a folder").to_string_lossy();
            assert!(
                message.contains(&*folder),
                "{}: without {file:?}: {message}",
                model.display()
            );
            fs::rename(&aside, &file).expect("moved back");
        }
    }
}

fn apply(damage: &Damage, file: &Path) {
    let mut bytes = fs::read(file).expect("a file");
    match damage {
        Damage::Remove => return fs::remove_file(file).expect("removed"),
        Damage::RemoveFolder => {
            return fs::remove_dir_all(file.parent().expect("a folder")).expect("removed");
        }
        Damage::Duplicate => {
            let twin = file.with_extension(format!(
                "copy.{}",
                file.extension()
                    .map_or("txt".into(), |e| e.to_string_lossy())
            ));
            fs::copy(file, twin).expect("copied");
            return;
        }
        Damage::Cut { at } => bytes.truncate(at.index(bytes.len())),
        Damage::Flip { at, bits } => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        Damage::Zero { at, bytes: count } => {
            let start = at.index(bytes.len());
            let end = (start + count).min(bytes.len());
            bytes[start..end].fill(0);
        }
    }
    fs::write(file, bytes).expect("written");
}
