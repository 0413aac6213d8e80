//! What the first bytes of a file tell: its MIME type, and the size of a picture. They are anybody's bytes: nothing here reads
//! beyond them, and what is not understood is not told.

/// Bytes that are looked at: enough for the size of a JPEG behind what cameras write before it.
pub(crate) const HEAD: usize = 64 << 10;

/// The MIME type that the first bytes tell.
pub(crate) fn sniff(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 13] = [
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"\xff\xf3", "audio/mpeg"),
        (b"\xff\xf2", "audio/mpeg"),
        (b"\xff\xf1", "audio/aac"),
        (b"\xff\xf9", "audio/aac"),
        (b"%PDF-", "application/pdf"),
    ];
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, mime)| *mime);
    magic.or_else(|| match (head.get(..4)?, head.get(8..12)?) {
        (b"RIFF", b"WEBP") => Some("image/webp"),
        (b"RIFF", b"WAVE") => Some("audio/wav"),
        (_, brand) if head.get(4..8)? == b"ftyp" => Some(of_brand(brand)),
        _ => None,
    })
}

/// Of which sort something of that type is.
pub(crate) fn sort(mime: Option<&str>) -> &'static str {
    let family = mime.and_then(|mime| mime.split('/').next());
    ["image", "video", "audio"].into_iter().find(|sort| family == Some(*sort)).unwrap_or("file")
}

/// Width and height in pixels of a picture of a type that [`sniff`] told.
pub(crate) fn size(head: &[u8], mime: &str) -> Option<(u32, u32)> {
    let (width, height) = match mime {
        "image/png" => (big(head.get(16..20)?), big(head.get(20..24)?)),
        "image/gif" => (little(head.get(6..8)?), little(head.get(8..10)?)),
        "image/webp" => webp(head)?,
        "image/jpeg" => jpeg(head)?,
        _ => return None,
    };
    (width > 0 && height > 0).then_some((width, height))
}

/// Of the boxes that begin with `ftyp`, by the brand in it.
fn of_brand(brand: &[u8]) -> &'static str {
    match brand {
        b"avif" | b"avis" => "image/avif",
        b"heic" | b"heix" | b"mif1" | b"msf1" => "image/heic",
        b"M4A " | b"M4B " => "audio/mp4",
        b"qt  " => "video/quicktime",
        _ => "video/mp4",
    }
}

/// Of the three sorts of WebP: lossy, lossless, extended. Source: RFC 9649.
fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8 " if head.get(23..26)? == b"\x9d\x01\x2a" => {
            Some((little(head.get(26..28)?) & 0x3fff, little(head.get(28..30)?) & 0x3fff))
        }
        b"VP8L" if head.get(20)? == &0x2f => {
            let bits = little(head.get(21..25)?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => Some((little(head.get(24..27)?) + 1, little(head.get(27..30)?) + 1)),
        _ => None,
    }
}

/// Of the first frame header, from segment to segment.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if head.get(at)? != &0xff {
            return None;
        }
        match *head.get(at + 1)? {
            // Any number of these may stand before a marker.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            0xc4 | 0xc8 | 0xcc => at += segment(head, at)?,
            0xc0..=0xcf => return Some((big(head.get(at + 7..at + 9)?), big(head.get(at + 5..at + 7)?))),
            // What follows is the picture itself.
            0xd9 | 0xda => return None,
            _ => at += segment(head, at)?,
        }
    }
}

/// The marker and the segment behind it, whose length counts itself.
fn segment(head: &[u8], at: usize) -> Option<usize> {
    let length = usize::try_from(big(head.get(at + 2..at + 4)?)).ok()?;
    (length >= 2).then_some(length + 2)
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png() -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &1_080_u32.to_be_bytes(), &1_350_u32.to_be_bytes()]
            .concat()
    }

    fn jpeg() -> Vec<u8> {
        let camera = [b"\xff\xe1\x10\x02".as_slice(), &[7; 0x1000]].concat();
        let frame = b"\xff\xff\xc2\0\x11\x08\x05\x46\x04\x38";
        [b"\xff\xd8".as_slice(), &camera, b"\xff\xc4\0\x04\0\0", frame].concat()
    }

    fn webp(sort: &[u8]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP", sort].concat()
    }

    #[test]
    fn each_type_is_told_by_its_first_bytes_and_a_picture_s_size_too() {
        let lossy = webp(b"VP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x38\x04\x46\x45");
        let lossless = webp(b"VP8L\0\0\0\0\x2f\x37\x44\x51\x01");
        let extended = webp(b"VP8X\0\0\0\0\0\0\0\0\x37\x04\0\x45\x05\0");
        for (head, mime, size) in [
            (png(), "image/png", Some((1_080, 1_350))),
            (jpeg(), "image/jpeg", Some((1_080, 1_350))),
            (b"GIF89a\x38\x04\x46\x05".to_vec(), "image/gif", Some((1_080, 1_350))),
            (lossy, "image/webp", Some((1_080, 1_350))),
            (lossless, "image/webp", Some((1_080, 1_350))),
            (extended, "image/webp", Some((1_080, 1_350))),
            (b"\0\0\0\x20ftypisom".to_vec(), "video/mp4", None),
            (b"\0\0\0\x20ftypM4A ".to_vec(), "audio/mp4", None),
            (b"%PDF-1.7".to_vec(), "application/pdf", None),
        ] {
            assert_eq!(sniff(&head), Some(mime));
            assert_eq!(super::size(&head, mime), size, "{mime}");
        }
    }

    #[test]
    fn what_is_no_picture_film_or_sound_is_a_file() {
        let types = [Some("image/png"), Some("video/mp4"), Some("audio/ogg"), Some("application/pdf"), None];
        assert_eq!(types.map(sort), ["image", "video", "audio", "file", "file"]);
    }

    #[test]
    fn what_is_shown_by_browsers_is_no_page_and_no_script() {
        for head in [&b"<html>"[..], b"<svg xmlns=", b"<?xml", b"", b"GIF", b"\0\0\0\x20ftyp", b"#!/bin/sh"] {
            assert_eq!(sniff(head), None);
        }
        let sorts = ["image/png", "application/pdf", "text/html"].map(|mime| sort(Some(mime)));
        assert_eq!(sorts, ["image", "file", "file"]);
    }

    #[test]
    fn no_bytes_make_it_read_beyond_them_or_for_ever() {
        for whole in [png(), jpeg(), webp(b"VP8X\0\0\0\0\0\0\0\0\x37\x04\0\x45\x05\0")] {
            let mime = sniff(&whole).unwrap();
            for end in 0..whole.len() {
                assert_eq!(size(&whole[..end], mime), None, "{mime} cut at {end}");
            }
        }
        assert_eq!(size(b"\xff\xd8\xff\xe1\0\0", "image/jpeg"), None, "a segment of no length");
        assert_eq!(size(&[0xff; 1_000], "image/jpeg"), None);
        assert_eq!(
            size(&[b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &[0; 8]].concat(), "image/png"),
            None
        );
    }
}
