//! Where revocation information comes from, and what it says about a certificate.
//!
//! A [`CrlShelf`] holds the newest verified list of every partition, read from files that somebody else puts in
//! place. It hands evidence to `madoguchi_cert_verify::decide` and decides nothing itself.

mod alarms;
mod download;
mod error;
mod event;
mod fetch;
mod health;
mod http_url;
mod https;
mod incoming;
mod index;
mod kept_lists;
mod lookups;
mod ocsp;
mod pem;
mod printable;
mod reader;
mod refresh;
mod rejected;
mod schedule;
mod seen;
mod shared;
mod shelf;
mod shelved;
mod sources;
mod stamp;
mod state_dir;
mod stem;

pub use alarms::{Alarm, Alarms};
pub use download::{Download, Downloaded};
pub use error::{Error, Problem};
pub use event::{CrlEvent, CrlObserver, Taken, Unobserved};
pub use fetch::{FetchError, FetchLimits, Fetcher};
pub use health::{
    AnchorHealth, Building, CrlReport, DownloadHealth, FailedDownload, ListHealth, PartitionHealth,
    RevocationHealth,
};
pub use http_url::{HttpUrl, HttpUrlError};
pub use https::HttpsTrust;
pub use index::{Damaged, IndexError, IndexKey, IndexedCrl};
pub use lookups::CrlLookup;
pub use ocsp::{
    BreakerSettings, BreakerState, ListedResponders, Method, NoOcsp, NoResponderCheck, NonceUse, OcspClient,
    OcspClientParts, OcspHealth, OcspLimits, OcspSource, Responder, ResponderCheck, ResponderHealth,
    RetrySettings,
};
pub use refresh::{CrlRefresher, CrlRefresherParts};
pub use rejected::RejectedFile;
pub use shared::SharedCrls;
pub use shelf::{CrlShelf, Listing};
pub use sources::{CrlFiles, CrlUrl};
pub use state_dir::StateDir;
