//! What the demo announces when everything runs (`--json`). Scripts outside the repository read it.

use std::path::PathBuf;

use serde::Serialize;

/// Where everything is.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// The gateway's issuer, which is its origin.
    pub issuer: String,
    /// The front page of the sample service.
    pub service_url: String,
    /// The gateway's configuration file.
    pub gateway_config: PathBuf,
    /// The folder with every part's log, `gateway.log` among them.
    pub logs_dir: PathBuf,
    /// Where the agent listens.
    pub agent_url: String,
    /// The test PKI; `null` with an external card.
    pub pki_dir: Option<PathBuf>,
    /// The PC/SC socket for `PCSCLITE_CSOCK_NAME`; `null` for the machine's usual one.
    pub pcsc_socket: Option<PathBuf>,
    /// The PIN of the mock card; `null` with an external card.
    pub pin: Option<&'static str>,
    /// The client id of a service of one's own; absent when none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'static str>,
    /// The file with its secret; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The demo itself: SIGTERM ends everything.
    pub pid: u32,
    /// The processes.
    pub pids: Pids,
}

/// The process ids; `null` for a part that was not started.
#[derive(Clone, Debug, Serialize)]
pub struct Pids {
    /// The private PC/SC service.
    pub pcscd: Option<u32>,
    /// The mock card.
    pub mock_card: Option<u32>,
    /// The OCSP responder of the test PKI.
    pub pki: Option<u32>,
    /// The gateway.
    pub gateway: Option<u32>,
    /// The agent.
    pub agent: Option<u32>,
    /// The sample service.
    pub service: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_documented_ones() {
        let pids =
            Pids { pcscd: None, mock_card: None, pki: None, gateway: Some(1), agent: None, service: None };
        let ready = Ready {
            issuer: "i".into(),
            service_url: "s".into(),
            gateway_config: "c".into(),
            logs_dir: "l".into(),
            agent_url: "a".into(),
            pki_dir: None,
            pcsc_socket: None,
            pin: Some("1234"),
            client_id: None,
            client_secret_file: None,
            pid: 2,
            pids,
        };
        let line = serde_json::to_string(&ready).expect("serializes");
        let expected = r#"{"issuer":"i","service_url":"s","gateway_config":"c","logs_dir":"l","agent_url":"a","pki_dir":null,"pcsc_socket":null,"pin":"1234","pid":2,"pids":{"pcscd":null,"mock_card":null,"pki":null,"gateway":1,"agent":null,"service":null}}"#;
        assert_eq!(line, expected);
        let with_own = Ready { client_id: Some("my-service"), client_secret_file: Some("f".into()), ..ready };
        let line = serde_json::to_string(&with_own).expect("serializes");
        let more = r#""client_id":"my-service","client_secret_file":"f","pid":2"#;
        assert_eq!(line, expected.replace(r#""pid":2"#, more));
    }
}
