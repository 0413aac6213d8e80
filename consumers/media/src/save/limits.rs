//! How many bytes are saved of what a link leads to, by what its first bytes say it is.

use crate::picture;
use crate::settings::MediaSettings;

impl MediaSettings {
    /// The limit of a MIME type which was told by the first bytes; without one it is a file.
    pub(super) fn most_bytes(&self, sniffed: Option<&str>) -> u64 {
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
mod tests {
    use super::*;

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
}
