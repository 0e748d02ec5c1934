//! Host-side driver of the JPKI application on a My Number card
