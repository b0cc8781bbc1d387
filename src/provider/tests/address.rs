//! Addresses that only look local or public, and the honest ones.

use core::net::SocketAddr;

use crate::provider::address::BaseUrl;
use crate::provider::code::SSRF_BLOCKED;
use crate::provider::kinds::ModelTier;

/// Everything that was ever used to make a server elsewhere look local.
const NOT_LOCAL: &[&str] = &[
    "http://0.0.0.0:11434",
    "http://10.0.0.1:11434",
    "http://192.168.1.1",
    "http://169.254.169.254",
    "http://169.254.1.1:80",
    "http://100.100.100.200",
    "http://8.8.8.8",
    "http://[::]:11434",
    "http://[::ffff:127.0.0.1]:11434",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:7f00:1]",
    "http://[::127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://[2002:7f00:1::]",
    "http://[fe80::1]",
    "http://[fe80::1%25eth0]",
    "http://[fe80::1%eth0]",
    "http://[fc00::1]",
    "http://[2606:4700::1111]",
    "http://[::1",
    "http://::1",
    "http://[::1]evil.example",
    "http://localhost.:11434",
    "http://127.1",
    "http://127.0.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.0.0.1",
    "http://0177.0.0.1",
    "http://127.0.0.1.",
    "http://127.0.0.1@evil.example",
    "http://evil.example@127.0.0.1",
    "http://user:pass@localhost",
    "http://127.0.0.1\\@evil.example",
    "http://127.0.0.1%2eevil.example",
    "http://127.0.0.1#@evil.example",
    "http://127.0.0.1?@evil.example",
    "http://127.0.0.1;evil.example",
    "http://127.0.0.1 .evil.example",
    "http://127.0.0.1\t",
    "http://127.0.0.1\r\nHost: evil.example",
    "http://①②⑦.⓪.⓪.①",
    "http://ⓛocalhost",
    "http://127。0。0。1",
    "https://127.0.0.1",
    "http:127.0.0.1",
    "http:///127.0.0.1",
    "//127.0.0.1",
    "127.0.0.1",
    "file://127.0.0.1/etc/passwd",
    "ftp://127.0.0.1",
    "http://127.0.0.1:0",
    "http://127.0.0.1:",
    "http://127.0.0.1:+80",
    "http://127.0.0.1:65536",
    "http://127.0.0.1:80:90",
    "http://127.0.0.1/../x",
    "http://127.0.0.1//evil.example",
    "http://-evil.example",
    "http://a..b",
    "http://",
    "",
];

#[test]
fn what_only_looks_local_is_refused() {
    assert!(NOT_LOCAL.len() >= 25);
    for text in NOT_LOCAL {
        let checked = BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Local, false));
        assert!(checked.is_err(), "{text}: accepted");
    }
    for good in [
        "http://127.0.0.1:11434",
        "HTTP://LocalHost:11434/",
        "http://[::1]:8080/v1",
        "http://127.9.8.7",
        "http://my-machine:11434/api",
    ] {
        let checked = BaseUrl::parse(good).and_then(|url| url.check(ModelTier::Local, false));
        assert_eq!(checked, Ok(()), "{good}");
    }
}

#[test]
fn every_address_behind_a_name_must_be_of_this_machine() {
    let url = BaseUrl::parse("http://my-machine:11434").expect("address");
    let at = |text: &str| format!("{text}:11434").parse::<SocketAddr>().expect("address");
    let choose = |all: &[&str]| {
        url.choose(ModelTier::Local, false, &all.iter().map(|text| at(text)).collect::<Vec<_>>())
    };
    assert_eq!(choose(&["[::1]", "127.0.0.1"]), Ok(vec![at("127.0.0.1"), at("[::1]")]));
    for elsewhere in [
        &["192.168.1.7"][..],
        &["127.0.0.1", "192.168.1.7"],
        &["[::1]", "[2606:4700::1111]"],
        &["[::ffff:127.0.0.1]"],
        &["0.0.0.0"],
    ] {
        let fault = choose(elsewhere).expect_err("refused");
        assert_eq!(fault.code, SSRF_BLOCKED, "{elsewhere:?}");
    }
    assert_eq!(choose(&[]).map_err(|fault| fault.code), Err("HSK-500-LLM"), "no address is no wrong one");
}

#[test]
fn the_cloud_is_public_and_uses_tls() {
    let check = |text: &str| BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Cloud, false));
    assert_eq!(check("https://api.example.com/v1"), Ok(()));
    assert_eq!(check("https://93.184.216.34"), Ok(()));
    for refused in [
        "http://api.example.com",
        "https://localhost",
        "https://a.localhost",
        "https://metadata.google.internal",
        "https://printer.local",
        "https://127.0.0.1",
        "https://10.1.2.3",
        "https://172.31.0.1",
        "https://100.64.0.1",
        "https://169.254.169.254",
        "https://192.0.0.1",
        "https://240.0.0.1",
        "https://0.1.2.3",
        "https://[::1]",
        "https://[fd00:ec2::254]",
        "https://[2001:db8::1]",
        "https://[2001::1]",
        "https://[2002:7f00:1::]",
        "https://[::ffff:8.8.8.8]",
    ] {
        assert!(check(refused).is_err(), "{refused}: accepted");
    }
    let url = BaseUrl::parse("https://api.example.com").expect("address");
    let choose = |text: &str| url.choose(ModelTier::Cloud, false, &[text.parse().expect("address")]);
    assert!(choose("93.184.216.34:443").is_ok());
    assert!(choose("127.0.0.1:443").is_err() && choose("[fd00::1]:443").is_err());
}

#[test]
fn a_relay_is_on_this_machine_and_needs_no_tls() {
    let check = |text: &str| BaseUrl::parse(text).and_then(|url| url.check(ModelTier::Cloud, true));
    assert_eq!(check("http://127.0.0.1:4000"), Ok(()));
    for refused in ["http://10.0.0.1:4000", "https://127.0.0.1:4000"] {
        assert!(check(refused).is_err(), "{refused}: accepted");
    }
}
