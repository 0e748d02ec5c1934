//! Card readers: those that the smart card service knows, and those on the USB that it does not.

use std::fs;
use std::path::Path;

use super::{About, Finding, State};
use crate::PcscReaders;

/// `part` is a part of the names to look at. Absent when the service cannot be asked: then it has its own finding.
pub(super) fn examine(part: Option<&str>) -> Option<Vec<Finding>> {
    // A name that is asked for may be a virtual reader's.
    let known = PcscReaders::new(part.map(|_| String::new())).names().ok()?;
    Some(judge(&known, part, &usb_readers(Path::new(USB_DEVICES))))
}

/// What is plugged in, where the service does not tell.
pub(super) fn examine_usb() -> Vec<Finding> {
    let usb = usb_readers(Path::new(USB_DEVICES));
    usb.iter().map(|device| about("reader_on_usb", State::Ok, device)).collect()
}

/// Names of all readers that the service knows, as they are.
pub(crate) fn all_readers() -> Vec<String> {
    PcscReaders::new(Some(String::new())).names().unwrap_or_default()
}

fn judge(known: &[String], part: Option<&str>, usb: &[String]) -> Vec<Finding> {
    let looked_at = known.iter().filter(|name| part.is_none_or(|part| name.contains(part)));
    let mut findings: Vec<Finding> =
        looked_at.map(|reader| about("reader_ready", State::Ok, &without_serial(reader))).collect();
    if known.is_empty() && usb.is_empty() {
        findings.push(Finding::new(About::Reader, State::Ng, "reader_none", &[]));
    }
    if let (true, Some(part), false) = (findings.is_empty(), part, known.is_empty()) {
        let others: Vec<String> = known.iter().map(|reader| without_serial(reader)).collect();
        let values = [("name", without_serial(part)), ("readers", others.join(", "))];
        findings.push(Finding::new(About::Reader, State::Ng, "reader_name_unknown", &values));
    }
    if usb.len() > known.len() {
        // The service's names are the driver's, not the device's: which of several has no driver is not known.
        let state = if known.is_empty() { State::Ng } else { State::Warn };
        findings.extend(usb.iter().map(|device| about("reader_without_driver", state, device)));
    }
    findings
}

fn about(code: &'static str, state: State, reader: &str) -> Finding {
    Finding::new(About::Reader, state, code, &[("reader", reader.to_owned())])
}

/// Names of the USB devices of class 0B, Smart Card (USB-IF), by their product and identifiers.
fn usb_readers(devices: &Path) -> Vec<String> {
    let read = |path: &Path| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let Ok(entries) = fs::read_dir(devices) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| read(&entry.path().join("bInterfaceClass")).as_deref() == Some("0b"))
        // `1-2:1.0` is an interface of the device `1-2`.
        .filter_map(|entry| {
            let interface = entry.file_name().into_string().ok()?;
            let device = devices.join(interface.split(':').next()?);
            let product = read(&device.join("product")).unwrap_or_default();
            let vendor_id = read(&device.join("idVendor")).unwrap_or_default();
            let product_id = read(&device.join("idProduct")).unwrap_or_default();
            Some(format!("{} ({vendor_id}:{product_id})", without_serial(&product)))
        })
        .collect();
    found.sort();
    found
}

/// A reader's name without what may be its serial number: a word of eight hexadecimal digits or more, or with six decimal
/// digits or more.
pub(super) fn without_serial(name: &str) -> String {
    let is_serial = |word: &str| {
        (word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit()))
            || word.chars().filter(char::is_ascii_digit).count() >= 6
    };
    let mut shown = String::new();
    let mut rest = name;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(if is_serial(word) { "…" } else { word });
        let gap = after.find(char::is_alphanumeric).unwrap_or(after.len());
        let (between, after) = after.split_at(gap);
        shown.push_str(between);
        rest = after;
    }
    shown
}

const USB_DEVICES: &str = "/sys/bus/usb/devices";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_cut() {
        for (name, shown) in [
            ("Gemalto PC Twin Reader (70D7E2EE) 00 00", "Gemalto PC Twin Reader (…) 00 00"),
            ("SCR 3310 [CCID Interface] (53311624205124) 00 00", "SCR 3310 [CCID Interface] (…) 00 00"),
            ("Reader SN-A1234567 00", "Reader SN-… 00"),
            ("ACS ACR122U PICC Interface 00 00", "ACS ACR122U PICC Interface 00 00"),
            ("Virtual PCD 00 00", "Virtual PCD 00 00"),
            ("ICカードリーダー 00", "ICカードリーダー 00"),
        ] {
            assert_eq!(without_serial(name), shown);
        }
    }

    #[test]
    fn smart_card_readers_on_the_usb_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("1-2/product", "Card Reader 0123456789\n");
        write("1-2/idVendor", "04e6\n");
        write("1-2/idProduct", "5116\n");
        write("1-2/serial", "53311624205124\n");
        write("1-2:1.0/bInterfaceClass", "0b\n");
        write("1-3/product", "Keyboard\n");
        write("1-3:1.0/bInterfaceClass", "03\n");
        assert_eq!(usb_readers(folder.path()), ["Card Reader … (04e6:5116)"]);
        assert!(usb_readers(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn a_reader_that_the_service_does_not_show_has_no_driver() {
        let codes = |known: &[&str], usb: &[&str]| -> Vec<(&'static str, State)> {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            judge(&owned(known), None, &owned(usb))
                .iter()
                .map(|finding| (finding.code, finding.state))
                .collect()
        };
        assert_eq!(codes(&[], &[]), [("reader_none", State::Ng)]);
        assert_eq!(codes(&[], &["a"]), [("reader_without_driver", State::Ng)]);
        assert_eq!(codes(&["a"], &["a"]), [("reader_ready", State::Ok)]);
        assert_eq!(codes(&["Virtual PCD 00 00"], &[]), [("reader_ready", State::Ok)]);
        let both = [
            ("reader_ready", State::Ok),
            ("reader_without_driver", State::Warn),
            ("reader_without_driver", State::Warn),
        ];
        assert_eq!(codes(&["a"], &["a", "b"]), both);
    }

    #[test]
    fn a_name_that_no_reader_has_is_told_with_those_that_are_there() {
        let known = ["ACS ACR39U 00 00".to_owned(), "SCR 3310 (53311624205124) 00 00".to_owned()];
        let findings = judge(&known, Some("nosuch"), &["a".to_owned()]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.code, finding.state), ("reader_name_unknown", State::Ng));
        let told = finding.text(madoguchi_protocol::Lang::English);
        assert!(
            told.contains(
                "No reader's name contains \"nosuch\". Connected: ACS ACR39U 00 00, SCR 3310 (…) 00 00"
            ),
            "{told}"
        );
        let [finding] = &judge(&known, Some("ACR"), &[])[..] else { panic!("one reader") };
        assert_eq!(finding.code, "reader_ready");
        assert_eq!(judge(&[], Some("ACR"), &[])[0].code, "reader_none");
    }
}
