//! Connections that their server ends when it likes.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// A host that answers the first request of each connection as if more could follow, and closes it at the second; with `count`
/// connections at most.
fn impatient_host(count: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().take(count) {
            let mut connection = connection.unwrap();
            if comes(&mut connection) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\":1}";
                connection.write_all(answer).unwrap();
                comes(&mut connection);
            }
        }
    });
    url
}

/// Whether something comes before the connection ends.
fn comes(connection: &mut TcpStream) -> bool {
    matches!(connection.read(&mut [0; 4_096]), Ok(1..))
}

#[tokio::test]
async fn what_does_something_goes_on_no_connection_that_may_be_about_to_end() {
    let (graph, token) = (graph_at(&impatient_host(4)), token());
    for _ in 0..2 {
        let json = Body::Json(String::from("{}"));
        graph.post("v26.0/1784/messages", json, &token).await.result.unwrap();
        graph.delete("v26.0/1784", &token).await.result.unwrap();
    }
}
