//! Connections that take their time.

use doorward_tests::fixtures::protected;
use doorward_tests::http::Request;
use std::time::{Duration, Instant};

#[test]
fn a_head_that_does_not_come_is_given_up() {
    let server = protected().start();
    let began = Instant::now();
    let beginnings = [
        "",
        "P",
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\n",
        // The beginning of HTTP/2's preface.
        "PRI * HTTP/2.0\r\n",
        "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    let mut slow = beginnings.map(|beginning| {
        let mut connection = server.connect();
        connection.write(beginning.as_bytes()).expect("a beginning can be sent");
        connection
    });
    let mut used = server.connect();
    assert_eq!(used.send(&Request::get("/health")).expect("an answer").status, 200);
    assert_eq!(slow[4].read(false).expect("an answer").status, 200);
    for connection in &mut slow {
        while !connection.is_closed() {
            assert!(began.elapsed() < Duration::from_secs(45), "it is held");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    assert!(began.elapsed() > Duration::from_secs(25), "{:?}", began.elapsed());
}

#[test]
fn a_head_without_end_is_not_kept() {
    let server = protected().start();
    let mut connection = server.connect();
    let line = format!("x-{}: {}\r\n", "a", "b".repeat(8000));
    let mut sent = b"GET /health HTTP/1.1\r\nhost: localhost\r\n".to_vec();
    while sent.len() < 128 * 1024 {
        sent.extend_from_slice(line.as_bytes());
    }
    // It may be closed while we still write.
    let _ = connection.write(&sent);
    if let Ok(answer) = connection.read(false) {
        assert_eq!(answer.status, 431);
    }
}
