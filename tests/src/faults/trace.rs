//! The commands of a sign-in and their answers, from the card's own trace.

use serde_json::Value;

/// The status word of each command; nothing where no answer came.
pub(super) fn answers(lines: &[Value]) -> Vec<String> {
    let commands = lines.iter().filter(|line| line["command"].is_string());
    commands.map(|line| line["status"].as_str().unwrap_or_default().to_ascii_uppercase()).collect()
}

/// Names commands by what went over the wire.
pub(super) fn steps(lines: &[Value]) -> Vec<String> {
    let (mut entered, mut ef) = (false, String::new());
    let commands = lines.iter().filter_map(|line| Some((line, line["command"].as_str()?)));
    let step = |(line, header): (&Value, &str)| {
        let (data, lc) = (line["data"].as_str().unwrap_or(""), line["lc"].as_u64().unwrap_or(0));
        let header = header.to_ascii_lowercase();
        match (&header[2..4], &header[4..6]) {
            ("a4", "04") if data.to_ascii_lowercase().starts_with("d392f0") => {
                entered = true;
                "select-jpki".to_owned()
            }
            ("a4", "04") if entered => "leave".to_owned(),
            ("a4", "04") => "enter".to_owned(),
            ("a4", "02") => {
                ef = data.to_ascii_lowercase();
                format!("select-{ef}")
            }
            ("b0", _) if header.ends_with("0000") => format!("read-{ef}"),
            ("b0", _) => format!("read-on-{ef}"),
            ("20", _) if lc == 0 => "query".to_owned(),
            ("20", _) => "verify".to_owned(),
            ("2a", _) => "sign".to_owned(),
            (instruction, _) => format!("ins-{instruction}"),
        }
    };
    commands.map(step).collect()
}
