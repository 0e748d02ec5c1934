//! Readers that exist only in software and can never hold a plastic card.
//!
//! They are left out because their "card" is always there: the agent would talk to a key store of the computer instead of
//! waiting for the resident's card. Keys for USB that are card and reader in one (YubiKey and the like) are not in this list:
//! they may come and go like any reader, and answer that they are no My Number card. `--reader` names one anyway.

/// Beginnings of names, in small letters.
const VIRTUAL: [&str; 4] = [
    // The computer's security chip as a card: Windows Hello for Business, and its predecessor.
    "windows hello for business",
    "microsoft virtual smart card",
    "microsoft passport",
    // The SIM of a computer with mobile network.
    "microsoft uicc iso reader",
];

/// Whether no card can be placed on the reader of this name.
pub(super) fn is_virtual(name: &str) -> bool {
    let name = name.to_lowercase();
    VIRTUAL.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_hold_no_card_is_left_out() {
        for name in [
            "Windows Hello for Business 1",
            "Microsoft Virtual Smart Card 0",
            "Microsoft UICC ISO Reader 8d4fc6ab 0",
            "MICROSOFT VIRTUAL SMART CARD 3",
        ] {
            assert!(is_virtual(name), "{name}");
        }
        for name in [
            // Windows' own driver for real readers.
            "Microsoft Usbccid Smartcard Reader (WUDF) 0",
            "SONY FeliCa Port/PaSoRi 4.0 0",
            "ACS ACR39U ICC Reader 00 00",
            "Virtual PCD 00 00",
            "Yubico YubiKey OTP+FIDO+CCID 00 00",
            "",
        ] {
            assert!(!is_virtual(name), "{name}");
        }
    }
}
