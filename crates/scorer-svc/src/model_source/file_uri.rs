//! Folders that are named as URIs.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// The folder of this machine that a `file:` URI names (RFC 8089), as Python's
/// `Path.as_uri` and MLflow write it: `file:///srv/my%20models`.
pub(super) fn folder(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file:")?;
    let path = match path.strip_prefix("//") {
        Some(path) => path.strip_prefix("localhost").unwrap_or(path),
        None => path,
    };
    path.starts_with('/').then_some(())?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    Some(PathBuf::from(path.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_with_or_without_this_machine() {
        for uri in [
            "file:///srv/my%20models/%D1%84",
            "file://localhost/srv/my%20models/%d1%84",
            "file:/srv/my models/ф",
        ] {
            assert_eq!(folder(uri), Some("/srv/my models/ф".into()), "{uri}");
        }
        assert_eq!(folder("file:///srv/100%"), Some("/srv/100%".into()));
    }

    #[test]
    fn another_machines_and_relative_folders_are_none() {
        for uri in [
            "file://host/srv",
            "file:srv",
            "file:///%FF",
            "/srv",
            "file:",
        ] {
            assert_eq!(folder(uri), None, "{uri}");
        }
    }
}
