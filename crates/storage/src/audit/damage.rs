//! What can be wrong with a chain.

use rustls_pki_types::UnixTime;

/// The first damage of a chain, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainDamage {
    /// The place in the chain.
    pub position: u64,
    /// The record's number in the order of insertion, where there is a record.
    pub number: Option<i64>,
    /// What is wrong.
    pub damage: Damage,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The chain was written anew after somebody had vouched for it.
    #[error("the chain has another hash here than a signed checkpoint says: it was written anew")]
    CheckpointDisagrees,
    /// A stored checkpoint is not what the audit key signed.
    #[error("the stored checkpoint for this place is not signed by this log's key, or was changed")]
    CheckpointForged,
    /// The record says something else than what was sealed.
    #[error("the record, its salt or its digest was changed")]
    ContentChanged,
    /// A tombstone says more than nothing.
    #[error("an erased record holds something again")]
    ErasedHoldsContent,
    /// The content is gone and the log has no order for that.
    #[error("the content is gone and no order of the log to erase it is signed by its key")]
    ErasedWithoutOrder,
    /// The end that is kept beside the records is another one.
    #[error("the chain ends elsewhere than what is kept beside it says")]
    HeadDisagrees,
    /// Record and hash do not belong to what stands before.
    #[error(
        "the hash does not follow from the records before: a record was moved, inserted or put in another's place"
    )]
    LinkBroken,
    /// A record is not there.
    #[error("the record is missing")]
    Missing,
    /// The network address is another one.
    #[error("the network address or its salt was changed")]
    NetworkChanged,
    /// The beginning was moved, and not by this log's key.
    #[error("the beginning of the chain is not signed by this log's key")]
    StartForged,
    /// Records that a checkpoint vouches for are gone.
    #[error("the chain ends before a place that a checkpoint of {} vouches for: its newest records are gone", .0.as_secs())]
    Truncated(UnixTime),
    /// More is erased without an order than can be remembered.
    #[error("the contents of very many records are gone without an order")]
    TooManyErased,
    /// Sealed by a newer version of the program, or changed.
    #[error("the record is of a format that this version does not know")]
    UnknownFormat,
}

impl Damage {
    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CheckpointDisagrees => "checkpoint_disagrees",
            Self::CheckpointForged => "checkpoint_forged",
            Self::ContentChanged => "content_changed",
            Self::ErasedHoldsContent => "erased_holds_content",
            Self::ErasedWithoutOrder => "erased_without_order",
            Self::HeadDisagrees => "head_disagrees",
            Self::LinkBroken => "link_broken",
            Self::Missing => "missing",
            Self::NetworkChanged => "network_changed",
            Self::StartForged => "start_forged",
            Self::TooManyErased => "too_many_erased",
            Self::Truncated(_) => "truncated",
            Self::UnknownFormat => "unknown_format",
        }
    }
}
