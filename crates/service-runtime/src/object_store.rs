//! S3 clients for `s3://bucket/prefix`, set up by `[object_store]`.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, RetryConfig};

use crate::ConfigError;
use crate::config::ObjectStoreConfig;

/// Whether `location` is an object store's URL and not a local path.
pub fn is_url(location: &str) -> bool {
    location.starts_with("s3://") || location.starts_with("s3a://")
}

/// Whether `url` can be one of an object store.
pub fn check(url: &str) -> Result<(), ConfigError> {
    split(url).map(drop)
}

/// The client for `url` (`s3://bucket/prefix`) and the prefix. What `[object_store]`
/// sets wins over the `AWS_*` variables; without either, the machine's role is used.
/// Touches no network. What fails is tried again for as long as `retry` says.
pub fn open(
    url: &str,
    config: &ObjectStoreConfig,
    retry: RetryConfig,
) -> Result<(Arc<dyn ObjectStore>, Path), ConfigError> {
    let (bucket, prefix) = split(url)?;
    let timeout = format!("{}ms", config.put_timeout.as_millis());
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_virtual_hosted_style_request(!config.path_style)
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), timeout);
    if config.endpoint.starts_with("http://") {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in [
        (AmazonS3ConfigKey::Endpoint, config.endpoint.as_str()),
        (AmazonS3ConfigKey::Region, &config.region),
        (AmazonS3ConfigKey::AccessKeyId, &config.access_key_id),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            config.secret_access_key.expose(),
        ),
    ] {
        if !value.is_empty() {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder
        .build()
        .map_err(|error| ConfigError(format!("object_store: {url}: {error}")))?;
    Ok((Arc::new(store), prefix))
}

fn split(url: &str) -> Result<(&str, Path), ConfigError> {
    let wrong = || {
        ConfigError(format!(
            "{url:?} is not a URL such as \"s3://bucket/prefix\""
        ))
    };
    let rest = url
        .strip_prefix("s3://")
        .or_else(|| url.strip_prefix("s3a://"))
        .ok_or_else(wrong)?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong());
    }
    Ok((bucket, Path::from(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_bucket_and_a_prefix() {
        assert_eq!(
            split("s3://data/a/b/").unwrap(),
            ("data", Path::from("a/b"))
        );
        assert_eq!(split("s3a://data").unwrap(), ("data", Path::from("")));
    }

    #[test]
    fn what_is_not_an_object_stores_url_is_refused() {
        for url in ["s3:///a", "/tmp/a", "https://data/a"] {
            assert!(split(url).is_err(), "{url}");
        }
        assert!(!is_url("/tmp/s3://a"));
    }
}
