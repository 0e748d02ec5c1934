//! What the commands do. Whoever changes the PKI holds its lock from reading to writing.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, Control, Error, MUNICIPALITIES, OcspBehaviour, OcspSwitch, Options,
    SIGN_POLICY, Serial, TestPki, save_crls, serve_ocsp,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    arguments::{Arguments, Command, Issue},
    large,
};

const DEFAULT_CRL_VALIDITY: Duration = Duration::from_hours(24);

/// What only a program's edge has.
pub(crate) struct Context {
    pub(crate) now: UnixTime,
    pub(crate) clock: fn() -> UnixTime,
    pub(crate) random: SystemRandom,
}

pub(crate) fn run(arguments: Arguments, context: Context) -> Result<(), Error> {
    let (now, random) = (context.now, &context.random);
    match arguments.command {
        Command::Init { out, ocsp_url, key, json } => {
            std::fs::create_dir_all(&out).map_err(|source| Error::Io { path: out.clone(), source })?;
            let _lock = TestPki::lock(&out)?;
            let mut pki = TestPki::create(&Options { ocsp_url, authority_key: key }, now, random)?;
            let lists = pki.crls(now, DEFAULT_CRL_VALIDITY, random)?;
            pki.save(&out)?;
            save_crls(&out, &lists)?;
            let municipalities = MUNICIPALITIES.map(|municipality| municipality.code);
            let (auth_ca, sign_ca) = (out.join("auth-ca.der"), out.join("sign-ca.der"));
            tell(
                json,
                &format!("{}\nauth policy {AUTH_POLICY}\nsign policy {SIGN_POLICY}", out.display()),
                &json!({"pki": out, "auth_policy": AUTH_POLICY, "sign_policy": SIGN_POLICY, "auth_ca": auth_ca,
                    "sign_ca": sign_ca, "municipalities": municipalities}),
            )
        }
        Command::Issue(issue) => issue_card(&issue, now, random),
        Command::Revoke { pki: folder, card, serial, responder, reason, json } => {
            let _lock = lock(&folder)?;
            let mut pki = TestPki::load(&folder, random)?;
            let serial = serial.or(responder.then(|| pki.responder_serial()));
            let serial = serial_of(&folder, serial, card)?;
            pki.revoke(serial, reason, now)?;
            pki.save(&folder)?;
            tell(json, &format!("revoked {serial}"), &json!({"serial": serial, "reason": reason}))
        }
        Command::Reinstate { pki: folder, card, serial, json } => {
            let _lock = lock(&folder)?;
            let mut pki = TestPki::load(&folder, random)?;
            let serial = serial_of(&folder, serial, card)?;
            pki.reinstate(serial)?;
            pki.save(&folder)?;
            tell(json, &format!("reinstated {serial}"), &json!({"serial": serial}))
        }
        Command::Crl { pki: folder, next_update_hours, this_update, fault, large, json } => {
            let _lock = lock(&folder)?;
            let mut pki = TestPki::load(&folder, random)?;
            let (this_update, validity) =
                (this_update.unwrap_or(now), Duration::from_hours(u64::from(next_update_hours)));
            if let Some(large) = large {
                let number = pki.take_crl_number();
                pki.save(&folder)?;
                let (text, value) = large::make(&pki, &large, number, (this_update, validity), random)?;
                return tell(json, &text, &value);
            }
            let lists = match fault {
                None => pki.crls(this_update, validity, random)?,
                Some(fault) => pki.faulty_crls(this_update, validity, fault, random)?,
            };
            // The number first: one that was published must never be given again.
            pki.save(&folder)?;
            save_crls(&folder, &lists)?;
            let files: Vec<_> = lists.iter().map(|(name, _)| folder.join("crl").join(name)).collect();
            let text: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            tell(json, &text.join("\n"), &json!({"files": files}))
        }
        Command::ServeOcsp { pki, listen, fault, status, http, delay_ms, control, json } => {
            let behaviour = OcspBehaviour { fault, status, http, delay: Duration::from_millis(delay_ms) };
            serve(&pki, listen, OcspSwitch::new(behaviour), control.as_deref(), json, context)
        }
    }
}

/// The OCSP responder, until a signal.
fn serve(
    pki: &Path,
    listen: SocketAddr,
    switch: OcspSwitch,
    control: Option<&Path>,
    json: bool,
    context: Context,
) -> Result<(), Error> {
    check_folder(pki)?;
    let failed = |source| Error::Io { path: pki.to_owned(), source };
    let runtime = tokio::runtime::Runtime::new().map_err(failed)?;
    let served = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let stop = async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        let listening = |address| {
            // Whoever closed standard output does not wait for this line.
            let _ = tell(json, "ready", &json!({"ready": true, "listen": address}));
        };
        let control = match control {
            Some(path) => Some(Control::bind(path)?),
            None => None,
        };
        let steered = switch.clone();
        let steer = async {
            match control {
                Some(control) => control.serve(steered).await,
                None => std::future::pending().await,
            }
        };
        let random = Arc::new(context.random);
        tokio::select! {
            served = serve_ocsp(pki.to_owned(), listen, switch, context.clock, random, listening, stop) => served,
            () = steer => Err(Error::Unsteered),
        }
    });
    // Connections that still wait for an answer are not waited for.
    runtime.shutdown_background();
    served
}

fn issue_card(issue: &Issue, now: UnixTime, random: &SystemRandom) -> Result<(), Error> {
    let default = CardOptions::default();
    let options = CardOptions {
        name: issue.name.clone(),
        municipality: issue.municipality.clone().unwrap_or(default.municipality),
        pin: issue.pin.clone().unwrap_or(default.pin),
        sign_password: issue.sign_password.clone().unwrap_or(default.sign_password),
        not_before: issue.not_before,
        not_after: issue.not_after,
        key: issue.key,
        fault: issue.fault,
    };
    let _lock = lock(&issue.pki)?;
    let mut pki = TestPki::load(&issue.pki, random)?;
    let card = pki.issue_card(&options, now, random)?;
    // The serial number first: one that was given must never be given again.
    pki.save(&issue.pki)?;
    card.save(&issue.pki)?;
    tell(
        issue.json,
        &format!("card {} serial {}", card.name, card.auth_serial),
        &json!({"name": card.name, "auth_serial": card.auth_serial, "sign_serial": card.sign_serial,
            "municipality": card.municipality}),
    )
}

/// The number itself, or that of a card's user-authentication certificate.
fn serial_of(folder: &Path, serial: Option<Serial>, card: Option<String>) -> Result<Serial, Error> {
    match serial {
        Some(serial) => Ok(serial),
        None => Ok(CardFiles::load(folder, &card.unwrap_or_default())?.auth_serial),
    }
}

fn lock(folder: &Path) -> Result<std::fs::File, Error> {
    check_folder(folder)?;
    TestPki::lock(folder)
}

/// A folder that is mistyped has a message of its own, and no lock file is left in it.
fn check_folder(folder: &Path) -> Result<(), Error> {
    if folder.join("state.json").exists() {
        Ok(())
    } else {
        Err(Error::PkiAbsent { folder: folder.to_owned() })
    }
}

/// The one place that prints.
fn tell(as_json: bool, text: &str, value: &Value) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let written = if as_json { writeln!(out, "{value}") } else { writeln!(out, "{text}") };
    written.and_then(|()| out.flush()).map_err(|source| Error::Io { path: "standard output".into(), source })
}
