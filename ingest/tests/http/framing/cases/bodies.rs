//! The cases of how a body is framed: its length, its transfer coding, its chunks.

use super::*;

pub(super) fn lengths() -> Vec<Case> {
    let bad = ["29, 29", "+29", "-29", "0x1d", "", "2 9", "29;", "1d", "99999999999999999999"];
    let bad = bad.map(|length| {
        let request = post(&format!("content-length: {length}\r\n"), BODY);
        case(format!("content-length {length:?}"), &[400], Closed, request)
    });
    let mut cases = vec![
        case("plain", &[200], Open, good()),
        case("a length twice, the same", &[200], Open, post(&LENGTH.repeat(2), BODY)),
        case("two lengths", &[400], Closed, post("content-length: 29\r\ncontent-length: 30\r\n", BODY)),
        case(
            "two lengths, the larger first",
            &[400],
            Closed,
            post("content-length: 30\r\ncontent-length: 29\r\n", BODY),
        ),
        case("a length with leading zeros", &[200], Open, post("content-length: 0029\r\n", BODY)),
        case("no length, and a body", &[401], Closed, post("", BODY)),
        case("a length that is too short", &[401], Closed, post("content-length: 5\r\n", BODY)),
        case("more than the length says", &[200, 400], Closed, post(LENGTH, &format!("{BODY}x \r\n\r\n"))),
    ];
    // hyper takes the two largest numbers of 64 bits for a head that is too large (`body/length.rs` of 1.12), and says so when it has
    // written its answer and let go of the head: docs/security.md.
    let beyond_every_body = [(u64::MAX - 2, &[413]), (u64::MAX - 1, &[431]), (u64::MAX, &[431])];
    cases.extend(beyond_every_body.map(|(length, statuses)| {
        let request = post(&format!("content-length: {length}\r\n"), "");
        case(format!("content-length {length}"), statuses, Closed, request)
    }));
    cases.extend(bad);
    cases
}

pub(super) fn codings() -> Vec<Case> {
    let refused = [
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        "chunked, identity",
        "xchunked",
        "chunked;q=1",
        "\"chunked\"",
        "\x0bchunked",
        "",
    ];
    let refused = refused.map(|coding| {
        let request = post(&format!("transfer-encoding: {coding}\r\n"), &chunk("1d"));
        case(format!("transfer-encoding {coding:?}"), &[400], Closed, request)
    });
    let lines = |lines: &str| post(lines, &chunk("1d"));
    let mut cases = vec![
        case("chunked", &[200], Open, lines(CHUNKED)),
        case("chunked in capitals", &[200], Open, lines("Transfer-Encoding: CHUNKED\r\n")),
        case("chunked after a tab", &[200], Open, lines("transfer-encoding:\tchunked\t\r\n")),
        case("chunked twice", &[400], Closed, lines(&CHUNKED.repeat(2))),
        case(
            "identity, then chunked",
            &[400],
            Closed,
            lines("transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n"),
        ),
        case("a space before the colon", &[400], Closed, lines("transfer-encoding : chunked\r\n")),
        case("chunked on a folded line", &[400], Closed, lines("transfer-encoding:\r\n chunked\r\n")),
        case("a length, then chunks", &[200], Closed, lines(&format!("{LENGTH}{CHUNKED}"))),
        case("chunks, then a length", &[200], Closed, lines(&format!("{CHUNKED}{LENGTH}"))),
        case(
            "chunks, and a length that is none",
            &[200],
            Closed,
            lines(&format!("{CHUNKED}content-length: x\r\n")),
        ),
        case(
            "chunks, and a length over the next request",
            &[200],
            Closed,
            lines(&format!("{CHUNKED}content-length: 400\r\n")),
        ),
        case(
            "chunked in HTTP/1.0",
            &[400],
            Closed,
            delivery("POST /webhook HTTP/1.0", CHUNKED, &chunk("1d")),
        ),
    ];
    cases.extend(refused);
    cases
}

pub(super) fn chunks() -> Vec<Case> {
    let chunked = |body: &str| post(CHUNKED, body);
    let taken = ["1D", "0000001d", "1d ", "1d;name=value", "1d;name=\"a b\"", "1d ;name"];
    let taken = taken.map(|size| case(format!("chunk size {size:?}"), &[200], Open, chunked(&chunk(size))));
    let refused = [
        "",
        " 1d",
        "-1d",
        "+1d",
        "0x1d",
        "1g",
        "1d,",
        "fffffffffffffffff",
        "1d;name=value\n",
        "1d 1",
        "\u{0}1d",
    ];
    let refused =
        refused.map(|size| case(format!("chunk size {size:?}"), &[400], Closed, chunked(&chunk(size))));
    let (front, back) = BODY.split_at(16);
    let pieces = format!("10\r\n{front}\r\nd\r\n{back}\r\n0\r\n\r\n");
    let trailer = |line: &str| chunked(&format!("1d\r\n{BODY}\r\n0\r\n{line}\r\n"));
    let mut cases = vec![
        case("two chunks", &[200], Open, chunked(&pieces)),
        case("a trailer", &[200], Open, trailer("x: y\r\n")),
        case("a trailer that would be a length", &[200], Open, trailer("content-length: 3\r\n")),
        case("a trailer without a colon", &[400], Closed, trailer("no colon\r\n")),
        case("a chunk that ends in LF", &[400], Closed, chunked(&format!("1d\r\n{BODY}\n0\r\n\r\n"))),
        case("a size that ends in LF", &[400], Closed, chunked(&format!("1d\n{BODY}\r\n0\r\n\r\n"))),
        case("a chunk longer than its size", &[400], Closed, chunked(&format!("1c\r\n{BODY}\r\n0\r\n\r\n"))),
        case("a chunk shorter than its size", &[400], Closed, chunked(&format!("1e\r\n{BODY}\r\n0\r\n\r\n"))),
        case("the end without its last CR", &[400], Closed, chunked(&format!("1d\r\n{BODY}\r\n0\r\n\rx"))),
        case("chunks in vain", &[401], Closed, chunked("0\r\n\r\n")),
    ];
    cases.extend(taken);
    cases.extend(refused);
    cases
}
