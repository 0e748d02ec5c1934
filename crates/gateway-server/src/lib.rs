//! The binary madoguchi: configuration, wiring, listening, operator commands
