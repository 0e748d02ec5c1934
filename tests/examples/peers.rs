//! `script/peers`: who disagrees with the standard where. NIST's suite, or files of batch cases that carry a member
//! `"expected"` with `"accepted"` or `"rejected"`, through `madoguchi verify` and `openssl verify`.

use std::io::Write as _;
use std::path::Path;

use madoguchi_tests::verify::{batch, openssl, pkits};
use serde_json::Value;

struct Asked {
    name: String,
    accepted: bool,
    case: Value,
}

fn main() -> std::io::Result<()> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let cases = if files.is_empty() { of_pkits() } else { of_files(&files)? };
    let lines: Vec<Value> = cases.iter().map(|asked| asked.case.clone()).collect();
    let folder = tempfile::tempdir()?;
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "| case | standard | madoguchi | openssl | openssl -x509_strict |\n|---|---|---|---|---|"
    )?;
    let mut right = [0_usize; 3];
    for (asked, answer) in cases.iter().zip(batch(&lines)) {
        let ours = Some(answer["verdict"] == "accepted");
        let theirs = |strict| openssl::accepts(&asked.case, strict, folder.path());
        let all = [ours, theirs(false), theirs(true)];
        for (count, one) in right.iter_mut().zip(all) {
            *count += usize::from(one == Some(asked.accepted));
        }
        if all.iter().flatten().any(|one| *one != asked.accepted) {
            let code = answer["error"].as_str().map_or_else(String::new, |code| format!(" `{code}`"));
            let [ours, plain, strict] = all.map(word);
            let standard = word(Some(asked.accepted));
            writeln!(output, "| {} | {standard} | {ours}{code} | {plain} | {strict} |", asked.name)?;
        }
    }
    let [ours, plain, strict] = right;
    writeln!(output, "| **right, of {}** | | **{ours}** | **{plain}** | **{strict}** |", cases.len())
}

fn word(accepted: Option<bool>) -> &'static str {
    match accepted {
        None => "–",
        Some(true) => "accepts",
        Some(false) => "refuses",
    }
}

fn of_pkits() -> Vec<Asked> {
    let all = pkits::cases().into_iter();
    all.map(|case| Asked {
        name: format!("{} {}", case.number, case.name),
        accepted: case.valid,
        case: case.json,
    })
    .collect()
}

fn of_files(files: &[String]) -> std::io::Result<Vec<Asked>> {
    let mut all = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(Path::new(file))?.lines().filter(|line| !line.trim().is_empty()) {
            let case: Value = serde_json::from_str(line)?;
            let accepted = match case["expected"].as_str() {
                Some("accepted") => true,
                Some("rejected") => false,
                _ => return Err(std::io::Error::other(format!("{file}: a case without \"expected\""))),
            };
            let id = &case["id"];
            let name = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            all.push(Asked { name, accepted, case });
        }
    }
    Ok(all)
}
