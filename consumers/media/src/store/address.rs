//! The address of a store, and how it is opened.

use super::StoreError;
use super::folder::Folder;
use super::http::Connector;
use super::objects::Objects;
use crate::settings::StoreSettings;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreScheme, RetryConfig};
use reqwest::Url;
use runtime::settings::Form;
use runtime::throttle::Throttle;
use std::time::Duration;

/// The address of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrl(Url);

/// Who waits longer waits in the consumer, where it is seen.
const RETRIES: usize = 2;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

impl StoreUrl {
    /// The form of the setting.
    pub fn form() -> Form<Self> {
        Form::new(
            "file:///FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX",
            Self::parse,
        )
    }

    /// Reads one: of a folder, S3, Google Cloud Storage or Azure. Credentials stand in the environment, never in it.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_store = match url.scheme() {
            "file" => url.to_file_path().is_ok(),
            "s3" | "gs" | "az" => url.host_str().is_some_and(|host| !host.is_empty()),
            _ => false,
        };
        let is_plain = url.username().is_empty() && url.password().is_none();
        // What stands behind them would be left out of where things lie.
        let is_whole = url.query().is_none() && url.fragment().is_none();
        (is_store && is_plain && is_whole).then_some(Self(url))
    }
}

pub(super) fn open(settings: &StoreSettings) -> Result<Objects, StoreError> {
    let refused = |error: object_store::Error| StoreError::Open(error.to_string());
    let StoreUrl(url) = &settings.media_store;
    if let Ok(folder) = url.to_file_path() {
        return Folder::open(&folder).map(Objects::Local);
    }
    let (scheme, path) =
        ObjectStoreScheme::parse(url).map_err(|error| StoreError::Open(error.to_string()))?;
    let http = Connector::new(settings.media_store_ca.as_deref())?;
    let (backoff, retry_timeout) = (BackoffConfig::default(), RETRY_TIMEOUT);
    let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout };
    let objects: Box<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(url.as_str());
            within(builder.with_http_connector(http).with_retry(retry).build().map_err(refused)?, path)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url.as_str());
            within(builder.with_http_connector(http).with_retry(retry).build().map_err(refused)?, path)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url.as_str());
            within(builder.with_http_connector(http).with_retry(retry).build().map_err(refused)?, path)
        }
        _ => return Err(StoreError::Open(String::from("this sort of store is not known"))),
    };
    Ok(Objects::Remote(objects, Throttle::default()))
}

fn within(objects: impl ObjectStore, path: Path) -> Box<dyn ObjectStore> {
    Box::new(PrefixStore::new(objects, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::MediaSettings;

    #[test]
    fn a_file_that_has_no_certificate_is_told_before_anything_is_saved() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let of_store = MediaSettings::of("s3://bucket").store;
        let settings = StoreSettings { media_store_ca: Some(file.path().to_owned()), ..of_store };
        let told = open(&settings).unwrap_err().to_string();
        assert!(told.starts_with("--media-store-ca: ") && told.ends_with("no certificate in PEM"), "{told}");
    }

    #[test]
    fn an_address_is_of_a_store_that_is_known_and_holds_no_secret() {
        for text in
            ["file:///var/lib/weir", "s3://bucket", "s3://bucket/a/b", "gs://bucket/a", "az://container/a"]
        {
            assert!(StoreUrl::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "/var/lib",
            "file://host/a",
            "s3:///a",
            "http://a/b",
            "memory:///",
            "s3://key:secret@bucket/",
            "s3://b?sig=1",
            "s3://b/a#b",
            "file:///a#b",
        ] {
            assert_eq!(StoreUrl::parse(text), None, "{text}");
        }
    }
}
