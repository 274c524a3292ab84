//! A private certificate authority.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};

const DAY: i64 = 24 * 60 * 60;
/// What is made today is valid today, whatever the clocks say; and an expired certificate
/// was valid once.
const DAYS_BACK: i64 = 2;

/// Signs certificates that nobody trusts but who was given [`Self::pem`].
pub struct Authority {
    key: PKey<Private>,
    certificate: X509,
}

impl Authority {
    /// A new one, valid for some days.
    pub fn new(name: &str) -> Result<Self> {
        let key = new_key()?;
        let own_name = common_name(name)?;
        let mut builder = builder(&own_name, &own_name, &key, 30)?;
        let constraints = BasicConstraints::new().critical().ca().pathlen(0).build()?;
        builder.append_extension(constraints)?;
        let usage = KeyUsage::new().critical().key_cert_sign().build()?;
        builder.append_extension(usage)?;
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(identifier)?;
        builder.sign(&key, MessageDigest::sha256())?;
        let certificate = builder.build();
        Ok(Self { key, certificate })
    }

    /// Its certificate, for those who shall trust it.
    pub fn pem(&self) -> Result<Vec<u8>> {
        Ok(self.certificate.to_pem()?)
    }

    /// A private key and the certificate for it, as Kafka reads them from one file.
    /// `days`: how long it is valid, such as -1 for one that expired yesterday.
    pub fn issue(&self, name: &str, host: Host<'_>, days: i64) -> Result<Vec<u8>> {
        let key = new_key()?;
        let issuer = self.certificate.subject_name();
        let own_name = common_name(name)?;
        let mut builder = builder(&own_name, issuer, &key, days)?;
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let mut names = SubjectAlternativeName::new();
        match host {
            Host::Here => names.dns("localhost").ip("127.0.0.1"),
            Host::Called(name) => names.dns(name),
        };
        let names = names.build(&context)?;
        let signer = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(names)?;
        builder.append_extension(signer)?;
        builder.sign(&self.key, MessageDigest::sha256())?;
        let mut pem = key.private_key_to_pem_pkcs8()?;
        pem.extend(builder.build().to_pem()?);
        Ok(pem)
    }
}

/// Whom a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// Whoever listens on this machine's loopback.
    Here,
    /// The host of this name.
    Called(&'a str),
}

fn new_key() -> Result<PKey<Private>> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&curve)?)?)
}

fn common_name(name: &str) -> Result<X509Name> {
    let mut builder = X509Name::builder()?;
    builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(builder.build())
}

fn builder(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKey<Private>,
    days: i64,
) -> Result<X509Builder> {
    const VERSION_3: i32 = 2;
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509Builder::new()?;
    builder.set_version(VERSION_3)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*in_days(-DAYS_BACK)?)?;
    builder.set_not_after(&*in_days(days)?)?;
    Ok(builder)
}

fn in_days(days: i64) -> Result<Asn1Time> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(Asn1Time::from_unix(i64::try_from(now)? + days * DAY)?)
}
