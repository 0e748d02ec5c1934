//! `madoguchi crl watch`.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_revocation::CrlFiles;
use serde_json::json;

use crate::crl::arguments::WatchArguments;
use crate::crl::parts::{Edge, refresher};
use crate::crl::tell::{Form, Teller};
use crate::crl::{CrlEnd, CrlUsage};
use crate::crl_reload::Refreshing;
use crate::serve::wait_for_end;

/// Keeps indexing until SIGTERM or SIGINT. It may end at any moment: what is half done is not in use.
pub(super) fn watch(
    arguments: &WatchArguments,
    edge: &Edge,
    output: Box<dyn Write + Send>,
) -> Result<CrlEnd, CrlUsage> {
    if !arguments.folder.is_dir() {
        return Err(CrlUsage::of_file(&arguments.folder, &"not a folder"));
    }
    let teller = Arc::new(Teller::new(Form::EveryEvent, output));
    let files = CrlFiles { directory: Some(arguments.folder.clone()), files: Vec::new() };
    let refresher = refresher(&arguments.target, files, edge, Arc::clone(&teller) as _)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CrlUsage::new(error.to_string()))?;
    runtime.block_on(async {
        let ended = wait_for_end();
        tokio::pin!(ended);
        // The signals are caught before anybody is told that they are.
        if poll_once(&mut ended).await {
            return Ok(CrlEnd::Done);
        }
        teller.json(&json!({ "event": "ready", "partitions": refresher.shared().shelf().len() }));
        let every = Duration::from_secs(arguments.every);
        let _refreshing = Refreshing::start(refresher, Arc::clone(&edge.clock), every, None)
            .map_err(|error| CrlUsage::new(error.to_string()))?;
        ended.await;
        Ok(CrlEnd::Done)
    })
}

/// Polls once.
async fn poll_once(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready())
    })
    .await
}
