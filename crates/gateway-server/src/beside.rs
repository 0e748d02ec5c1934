//! The gateway's database, for an operator command beside a gateway or without one.

use std::sync::Arc;

use madoguchi_storage::{Clock, Storage};

use crate::backend::Backend;
use crate::{Config, ServerError};

/// To write. A database that is not there yet is made: municipalities and clients may be registered before the gateway
/// first starts.
pub(crate) async fn to_write(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Storage>, ServerError> {
    Ok(Backend::open(config, clock).await?.storage())
}

/// To look. `None` when there is no database yet.
pub(crate) async fn to_read(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Option<Arc<dyn Storage>>, ServerError> {
    Ok(Backend::open_to_read(config, clock).await?.map(|backend| backend.storage()))
}
