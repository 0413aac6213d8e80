//! The settings of `weir-media` beside the common ones.

use crate::fetch::{HostRule, list, network};
use crate::picture;
use crate::store::{MAX_OBJECT_BYTES, StoreUrl};
use ipnet::IpNet;
use runtime::settings::{Form, form, optional, part, required, with_default};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Meta's CDNs. Source: the links of deliveries, 2019 to 2026.
pub(crate) const HOSTS: &str = "*.fbcdn.net,*.cdninstagram.com,*.fbsbx.com";

const SIZES: RangeInclusive<u64> = 1_024..=MAX_OBJECT_BYTES;
const UP_TO_AN_HOUR: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(1);

runtime::settings! {
    "Media",
    /// The settings of `weir-media`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MediaSettings {
        /// Where media is saved.
        pub store: StoreSettings = part(StoreSettings::declare, StoreSettings::read),
        /// How links are followed.
        pub fetch: FetchSettings = part(FetchSettings::declare, FetchSettings::read),
        /// Most bytes of a picture that is saved, where that is less than --media-max-bytes
        pub media_max_image_bytes: u64 = with_default("SIZE", "32MiB", form::bytes(SIZES)),
        /// Most bytes of a film that is saved; --media-max-bytes where this is not set
        pub media_max_video_bytes: Option<u64> = optional("SIZE", form::bytes(SIZES)),
        /// Most bytes of a sound that is saved; --media-max-bytes where this is not set
        pub media_max_audio_bytes: Option<u64> = optional("SIZE", form::bytes(SIZES)),
        /// Most bytes of what is saved and is no picture, film or sound, such as a PDF; --media-max-bytes where this is not set
        pub media_max_file_bytes: Option<u64> = optional("SIZE", form::bytes(SIZES)),
        /// How long a link is tried that fails while others are answered, five times at least, before that is its end; while nobody
        /// answers, links are kept as if the store were away
        pub media_patience: Duration = with_default("DURATION", "1m", form::duration(Duration::from_secs(1)..=Duration::from_hours(24))),
        /// Links that are followed at once, no more than half of them of one host while those of others wait; each takes 5 MiB of
        /// memory at most
        pub media_concurrency: usize = with_default("COUNT", "32", form::count(1..=256)),
        /// Events of a partition whose links may be followed while those before them are not done
        pub media_ahead: usize = with_default("COUNT", "200", form::count(1..=2_000)),
    }
}

runtime::settings! {
    /// Where media is saved.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StoreSettings {
        /// Where media is saved: file:///FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX, with the
        /// credentials, regions and endpoints of the environment (AWS_…, GOOGLE_…, AZURE_…)
        pub media_store: StoreUrl = required("URL", StoreUrl::form()),
        /// PEM file of certificates that are trusted beside Mozilla's list where the store is asked over HTTPS
        pub media_store_ca: Option<PathBuf> = optional("FILE", form::file()),
        /// Tag each object and its record with `weir-media`: image, video, audio or file, so that a rule of the bucket can let each
        /// sort expire after its own days: on or off. S3 and Azure have tags; to set them is a right of its own
        pub media_tags: bool = with_default("WORD", "off", form::on_off()),
    }
}

runtime::settings! {
    /// How links are followed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FetchSettings {
        /// Hosts that links may lead to, by https, with commas between them; `*.` before a name stands for all below it, and a
        /// port behind it for another than 443
        pub media_hosts: Vec<HostRule> = with_default("HOSTS", HOSTS, Form::new("names of hosts with commas between them, such as *.fbcdn.net", |text| list(text, HostRule::parse))),
        /// Networks whose addresses links may lead to although they are none of the public internet, such as 10.1.0.0/16
        pub media_networks: Vec<IpNet> = optional("NETWORKS", Form::new("networks with commas between them, such as 10.1.0.0/16", |text| list(text, network))).or_default(),
        /// PEM file of certificates that are trusted beside Mozilla's list
        pub media_ca: Option<PathBuf> = optional("FILE", form::file()),
        /// Most bytes of what is saved, whatever it is
        pub media_max_bytes: u64 = with_default("SIZE", "128MiB", form::bytes(SIZES)),
        /// How long a connection may take
        pub media_connect_timeout: Duration = with_default("DURATION", "5s", form::duration(UP_TO_AN_HOUR)),
        /// How long nothing may come, at the head of an answer too
        pub media_stall_timeout: Duration = with_default("DURATION", "20s", form::duration(UP_TO_AN_HOUR)),
        /// How long a link may take from first to last byte, beside the time that the store takes for them
        pub media_timeout: Duration = with_default("DURATION", "10m", form::duration(UP_TO_AN_HOUR)),
    }
}

impl MediaSettings {
    /// How many bytes are saved of a MIME type which was told by the first bytes; without one it is a file.
    pub(crate) fn most_bytes(&self, sniffed: Option<&str>) -> u64 {
        let own = match picture::sort(sniffed) {
            "image" => Some(self.media_max_image_bytes),
            "video" => self.media_max_video_bytes,
            "audio" => self.media_max_audio_bytes,
            _ => self.media_max_file_bytes,
        };
        own.unwrap_or(self.fetch.media_max_bytes)
    }
}

#[cfg(test)]
impl MediaSettings {
    /// The defaults of `--help` for a store.
    pub(crate) fn of(store: &str) -> Self {
        let media_store = StoreUrl::parse(store).expect("the address of a store");
        Self {
            store: StoreSettings { media_store, media_store_ca: None, media_tags: false },
            fetch: runtime::settings::defaults(FetchSettings::declare, FetchSettings::read),
            media_max_image_bytes: 32 << 20,
            media_max_video_bytes: None,
            media_max_audio_bytes: None,
            media_max_file_bytes: None,
            media_patience: Duration::from_mins(1),
            media_concurrency: 32,
            media_ahead: 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use runtime::process;
    use runtime::settings::Problems;

    fn read(arguments: &[&str]) -> Result<MediaSettings, Problems> {
        let command = process::command(ABOUT, MediaSettings::declare);
        let arguments = ["weir-media", "--brokers", "kafka:9092"].iter().chain(arguments);
        let matches = command.clone().get_matches_from(arguments);
        process::settings(&command, &matches, MediaSettings::read).map(|(_, settings)| settings)
    }

    #[test]
    fn a_store_is_all_that_must_be_given() {
        assert_eq!(
            read(&["--media-store", "s3://bucket/weir"]).unwrap(),
            MediaSettings::of("s3://bucket/weir")
        );
    }

    #[test]
    fn each_type_may_have_a_limit() {
        let settings = read(&[
            "--media-store",
            "s3://bucket",
            "--media-max-image-bytes",
            "1MiB",
            "--media-max-video-bytes",
            "2MiB",
            "--media-max-audio-bytes",
            "3MiB",
            "--media-max-file-bytes",
            "4MiB",
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.media_max_image_bytes, 1 << 20);
        assert_eq!(
            [settings.media_max_video_bytes, settings.media_max_audio_bytes, settings.media_max_file_bytes],
            [2 << 20, 3 << 20, 4 << 20].map(Some)
        );
    }

    const TYPES: [Option<&str>; 5] =
        [Some("image/png"), Some("video/mp4"), Some("audio/ogg"), Some("application/pdf"), None];

    #[test]
    fn a_type_without_a_limit_of_its_own_has_that_of_all() {
        let mut settings = MediaSettings::of("s3://bucket");
        settings.fetch.media_max_bytes = 5_000;
        assert_eq!(TYPES.map(|mime| settings.most_bytes(mime)), [32 << 20, 5_000, 5_000, 5_000, 5_000]);
    }

    #[test]
    fn each_type_may_have_a_limit_and_what_is_no_picture_film_or_sound_is_a_file() {
        let mut settings = MediaSettings::of("s3://bucket");
        settings.media_max_image_bytes = 1_024;
        settings.media_max_video_bytes = Some(1_025);
        settings.media_max_audio_bytes = Some(1_026);
        settings.media_max_file_bytes = Some(1_027);
        assert_eq!(TYPES.map(|mime| settings.most_bytes(mime)), [1_024, 1_025, 1_026, 1_027, 1_027]);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems =
            read(&["--media-hosts", "*", "--media-networks", "10.0.0.1", "--media-max-bytes", "1TB"]);
        let text = problems.unwrap_err().to_string();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("--media-store (not set): expected file:///FOLDER"), "{text}");
    }

    #[test]
    fn every_flag_has_an_environment_variable_of_its_name() {
        for argument in process::command(ABOUT, MediaSettings::declare).get_arguments() {
            let long = argument.get_long().unwrap();
            if !["help", "version"].contains(&long) {
                let expected = format!("WEIR_{}", long.to_uppercase().replace('-', "_"));
                assert_eq!(argument.get_env().unwrap().to_str(), Some(expected.as_str()));
            }
        }
    }
}
