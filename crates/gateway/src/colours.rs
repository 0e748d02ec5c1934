//! A municipality's colour on its pages: one that everybody can read on, or none.

use http::HeaderValue;

/// The accent colour of light pages: buttons, rules and links. Dark pages keep the standard one, which is made for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    red: u8,
    green: u8,
    blue: u8,
}

impl Accent {
    /// Reads `#rrggbb`. White text must be readable on it and it on white: a contrast of 4.5 to 1 (WCAG 2.2 success
    /// criterion 1.4.3, which JIS X 8341-3 takes over).
    pub fn parse(text: &str) -> Result<Self, AccentError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(AccentError::Form)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(AccentError::Form);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| AccentError::Form)?;
        let [_, red, green, blue] = value.to_be_bytes();
        let accent = Self { red, green, blue };
        let contrast = accent.contrast_with_white();
        if contrast < LEAST_CONTRAST { Err(AccentError::Contrast { contrast }) } else { Ok(accent) }
    }

    /// The style sheet that sets it.
    pub(crate) fn style_sheet(self) -> String {
        let Self { red, green, blue } = self;
        format!(
            "@media (prefers-color-scheme: light) {{ :root {{ --accent: #{red:02x}{green:02x}{blue:02x}; }} }}\n"
        )
    }

    /// WCAG 2.2, definition of contrast ratio; white has a relative luminance of 1.
    fn contrast_with_white(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue);
        1.05 / (luminance + 0.05)
    }
}

/// The media type of a style sheet.
pub(crate) const STYLE_SHEET: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");

const LEAST_CONTRAST: f64 = 4.5;

/// Why a colour cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccentError {
    /// Too light to read.
    #[error("its contrast with white is {contrast:.2} to 1, and 4.5 to 1 is needed; choose a darker colour")]
    Contrast {
        /// The contrast.
        contrast: f64,
    },
    /// Not `#rrggbb`.
    #[error("write a colour as #rrggbb, such as #0b4f8a")]
    Form,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_in_one_way() {
        assert_eq!(Accent::parse("#0b4f8a"), Ok(Accent { red: 0x0b, green: 0x4f, blue: 0x8a }));
        for text in ["", "#", "0b4f8a", "#0b4f8", "#0b4f8aa", "#0b4f8g", "#+b4f8a", "red", "#0b4f8a;}"] {
            assert_eq!(Accent::parse(text), Err(AccentError::Form), "{text}");
        }
    }

    /// The two greys around 4.5 that everybody who measures contrast knows.
    #[test]
    fn a_colour_that_nobody_can_read_on_is_refused() {
        assert!(Accent::parse("#767676").is_ok());
        assert!(matches!(Accent::parse("#777777"), Err(AccentError::Contrast { .. })));
        let Err(AccentError::Contrast { contrast }) = Accent::parse("#ffff00") else { panic!("accepted") };
        assert!((contrast - 1.07).abs() < 0.01, "{contrast}");
        assert!(Accent::parse("#000000").is_ok());
    }

    #[test]
    fn nothing_but_the_colour_is_in_the_style_sheet() {
        let accent = Accent::parse("#0B4F8A").expect("a colour");
        assert_eq!(
            accent.style_sheet(),
            "@media (prefers-color-scheme: light) { :root { --accent: #0b4f8a; } }\n"
        );
    }
}
