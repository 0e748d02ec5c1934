//! Every limit that agent and gateway must agree on, in one place.

/// Version of the claim, finish and cancel messages. A gateway refuses an older one (`agent_too_old`).
pub const PROTOCOL_VERSION: u32 = 1;

/// Loopback ports that an agent tries in this order. A second person logged in on the same computer gets the
/// next one.
pub const AGENT_PORTS: [u16; 4] = [24817, 24818, 24819, 24820];

/// Largest certificate that `finish` carries, in octets. JPKI's are about 1,600.
pub const MAX_CERTIFICATE_OCTETS: usize = 16 * 1024;

/// Largest signature that `finish` carries, in octets (RSA-4096).
pub const MAX_SIGNATURE_OCTETS: usize = 512;

/// Largest message between agent and gateway, in octets.
pub const MAX_MESSAGE_OCTETS: usize = 64 * 1024;

/// Seconds from the press of the button until the agent must have claimed.
pub const STARTED_SECONDS: u64 = 5 * 60;

/// Seconds from the claim until the agent must have finished: time to find the card and read the screen.
pub const CLAIMED_SECONDS: u64 = 10 * 60;

/// Seconds from the proof until the browser must have come back.
pub const PROVEN_SECONDS: u64 = 60;

/// No PIN is sent to the card with fewer seconds of the sign-in left: a try must never be spent on a sign-in
/// that cannot end well.
pub const MIN_SECONDS_FOR_PIN: u64 = 20;
