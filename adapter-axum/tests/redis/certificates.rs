//! Authorities and certificates of a test's own, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority, and a server's certificate that it has signed.
pub(crate) struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    /// For a server that is reached at `address`.
    pub(crate) fn of(address: &str) -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        let names = format!("subjectAltName=IP:{address}\n");
        std::fs::write(made.path("names"), names).unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        made.openssl(
            &[&["req", "-x509", "-days", "2", "-subj", "/CN=an authority for tests"][..], &key].concat(),
            &[("-keyout", "ca.key"), ("-out", "ca.pem")],
        );
        made.openssl(
            &[&["req", "-subj", "/CN=redis"][..], &key].concat(),
            &[("-keyout", "redis.key"), ("-out", "redis.csr")],
        );
        made.openssl(
            &["x509", "-req", "-days", "2", "-CAcreateserial"],
            &[
                ("-in", "redis.csr"),
                ("-CA", "ca.pem"),
                ("-CAkey", "ca.key"),
                ("-extfile", "names"),
                ("-out", "redis.pem"),
            ],
        );
        made
    }

    fn openssl(&self, words: &[&str], files: &[(&str, &str)]) {
        let mut command = Command::new("openssl");
        command.args(words);
        for (option, file) in files {
            command.arg(option).arg(self.path(file));
        }
        let output = command.output().expect("openssl is installed by `make deps-system`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The authority's certificate, PEM.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// What makes a server listen with TLS at `port` as well.
    pub(crate) fn options(&self, port: u16) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", text(&self.path("redis.pem"))),
            ("--tls-key-file", text(&self.path("redis.key"))),
            ("--tls-ca-cert-file", text(&self.path("ca.pem"))),
            ("--tls-auth-clients", "no".to_owned()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect()
    }
}
