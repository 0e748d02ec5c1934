//! Processes of their own: parts of this program, and other programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::crl::lists::Shape;
use crate::crl::memory::high_water_mark;
use crate::crl::timing::cpu_of_process;

/// What a part has printed: a name and a number in each line.
#[derive(Debug, Default)]
pub(crate) struct Values(BTreeMap<String, f64>);

impl Values {
    /// Not a number when it is not there: no budget is kept by that.
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// Runs a part of this program.
pub(crate) fn run_part(name: &str, folder: &Path, entries: u64, shape: Shape) -> Result<Values, String> {
    eprintln!("{name}, {entries} entries, {shape:?}");
    let program = "/proc/self/exe";
    let output = Command::new(program)
        .args(["crl-part", name])
        .arg(folder)
        .args([entries.to_string(), shape.name().to_owned()])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{name} ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let values = text.lines().filter_map(|line| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    });
    Ok(Values(values.collect()))
}

/// What a program took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// CPU time of all its threads.
    pub(crate) cpu: Duration,
    /// Most memory that was resident, in octets.
    pub(crate) peak: u64,
    pub(crate) output: String,
}

/// Runs a program to its end and looks now and then how much memory it has.
pub(crate) fn measure(command: &mut Command) -> Result<Taken, String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let process = Path::new("/proc").join(child.id().to_string());
    let (mut peak, mut cpu) = (0, Duration::ZERO);
    loop {
        // Both only rise, so that the last look before the end tells all but the last moments.
        peak = peak.max(high_water_mark(&process.join("status")).unwrap_or(0));
        cpu = cpu.max(cpu_of_process(&process.join("stat")).unwrap_or_default());
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = [output.stdout, output.stderr].concat();
    Ok(Taken { cpu, peak, output: String::from_utf8_lossy(&said).into_owned() })
}
