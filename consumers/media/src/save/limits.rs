//! How many bytes are saved of what a link leads to, by what its first bytes say it is.

use crate::settings::MediaSettings;

/// The limits, `--media-max-bytes` where a type has none of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    image: u64,
    video: u64,
    audio: u64,
    file: u64,
}

impl Limits {
    pub(super) fn new(settings: &MediaSettings) -> Self {
        let or_most = |limit: Option<u64>| limit.unwrap_or(settings.fetch.media_max_bytes);
        Self {
            image: settings.media_max_image_bytes,
            video: or_most(settings.media_max_video_bytes),
            audio: or_most(settings.media_max_audio_bytes),
            file: or_most(settings.media_max_file_bytes),
        }
    }

    /// That of a MIME type which was told by the first bytes; without one it is a file.
    pub(super) fn of(self, sniffed: Option<&str>) -> u64 {
        match sniffed.and_then(|mime| mime.split_once('/')) {
            Some(("image", _)) => self.image,
            Some(("video", _)) => self.video,
            Some(("audio", _)) => self.audio,
            _ => self.file,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [Option<&str>; 5] =
        [Some("image/png"), Some("video/mp4"), Some("audio/ogg"), Some("application/pdf"), None];

    #[test]
    fn a_type_without_a_limit_of_its_own_has_that_of_all() {
        let mut settings = MediaSettings::of("s3://bucket");
        settings.fetch.media_max_bytes = 5_000;
        assert_eq!(TYPES.map(|mime| Limits::new(&settings).of(mime)), [32 << 20, 5_000, 5_000, 5_000, 5_000]);
    }

    #[test]
    fn each_type_may_have_a_limit_and_what_is_no_picture_film_or_sound_is_a_file() {
        let mut settings = MediaSettings::of("s3://bucket");
        settings.media_max_image_bytes = 1_024;
        settings.media_max_video_bytes = Some(1_025);
        settings.media_max_audio_bytes = Some(1_026);
        settings.media_max_file_bytes = Some(1_027);
        assert_eq!(TYPES.map(|mime| Limits::new(&settings).of(mime)), [1_024, 1_025, 1_026, 1_027, 1_027]);
    }
}
