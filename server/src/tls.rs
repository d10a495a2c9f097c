//! TLS: the server's certificate and key, kept in files.
//!
//! **Shape** both files are read again while the server runs; they count once they belong together,
//! and until then those before do. TLS 1.2 and 1.3, by ring.
//! **Source** RFC 8446, RFC 7468.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::file;

/// A certificate with its key, and the files they are kept in.
#[derive(Clone, Debug)]
pub struct TlsFiles(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    certificate: PathBuf,
    key: PathBuf,
    newest: RwLock<Newest>,
}

#[derive(Debug)]
struct Newest {
    /// The octets of both files.
    read: [Vec<u8>; 2],
    certified: Arc<CertifiedKey>,
}

/// Files that a server cannot use.
#[derive(Debug, Error)]
#[error("{}: {problem}; expected {expected}", path.display())]
pub struct TlsError {
    path: PathBuf,
    problem: String,
    expected: &'static str,
}

const A_CERTIFICATE: &str =
    "a certificate in PEM, the server's first, those that vouch for it after";
const A_KEY: &str = "the private key of the certificate, in PEM";

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// A file cannot be read, holds something else, or they do not belong together.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let newest = RwLock::new(newest(certificate, key, octets(certificate, key)?)?);
        Ok(Self(Arc::new(Kept {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            newest,
        })))
    }

    /// Reads the files again; whether they hold others than before.
    ///
    /// # Errors
    /// Those of [`TlsFiles::open`]; certificate and key stay as they were.
    pub fn read_again(&self) -> Result<bool, TlsError> {
        let Kept {
            certificate, key, ..
        } = &*self.0;
        let read = octets(certificate, key)?;
        if self.0.read().read == read {
            return Ok(false);
        }
        let newer = newest(certificate, key, read)?;
        *self
            .0
            .newest
            .write()
            .unwrap_or_else(PoisonError::into_inner) = newer;
        Ok(true)
    }

    /// What turns connections into those of TLS, always with the newest certificate.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.0) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Kept {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Newest> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Kept {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.read().certified))
    }
}

fn octets(certificate: &Path, key: &Path) -> Result<[Vec<u8>; 2], TlsError> {
    let octets = |path: &Path, expected| {
        file::read(path).map_err(|error| wrong(path, error.to_string(), expected))
    };
    Ok([octets(certificate, A_CERTIFICATE)?, octets(key, A_KEY)?])
}

fn newest(certificate: &Path, key: &Path, read: [Vec<u8>; 2]) -> Result<Newest, TlsError> {
    let [certificate_pem, key_pem] = &read;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(certificate, error.to_string(), A_CERTIFICATE))?;
    if chain.is_empty() {
        return Err(wrong(
            certificate,
            "no certificate".to_owned(),
            A_CERTIFICATE,
        ));
    }
    let private = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|error| wrong(key, error.to_string(), A_KEY))?;
    let certified = CertifiedKey::from_der(chain, private, &default_provider())
        .map_err(|error| wrong(key, error.to_string(), A_KEY))?;
    let certified = Arc::new(certified);
    Ok(Newest { read, certified })
}

fn wrong(path: &Path, problem: String, expected: &'static str) -> TlsError {
    TlsError {
        path: path.to_owned(),
        problem,
        expected,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn certificate(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/certificates/{name}"))
    }

    #[test]
    fn a_pair_counts_once_it_belongs_together() {
        let folder = tempfile::tempdir().unwrap();
        let [crt, key] = ["tls.crt", "tls.key"].map(|name| folder.path().join(name));
        let put = |from: &str, to: &Path| fs::copy(certificate(from), to).map(drop).unwrap();
        put("first.crt", &crt);
        put("first.key", &key);
        let files = TlsFiles::open(&crt, &key).unwrap();
        let shown = || files.0.read().certified.cert.first().cloned().unwrap();
        let first = shown();
        assert!(!files.read_again().unwrap());
        put("second.crt", &crt);
        assert!(
            files.read_again().is_err(),
            "the key is still the first one's"
        );
        assert_eq!(shown(), first);
        put("second.key", &key);
        assert!(files.read_again().unwrap());
        assert_ne!(shown(), first);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let [crt, key, other] = ["first.crt", "first.key", "second.key"].map(certificate);
        let error = |crt: &Path, key: &Path| TlsFiles::open(crt, key).unwrap_err().to_string();
        for (said, path) in [
            (error(&key, &key), &key),
            (error(&crt, &crt), &crt),
            (error(&crt, &other), &other),
            (
                error(&crt, &certificate("none.key")),
                &certificate("none.key"),
            ),
        ] {
            assert!(said.starts_with(&path.display().to_string()), "{said}");
        }
    }
}
