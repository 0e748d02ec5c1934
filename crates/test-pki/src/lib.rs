//! A throw-away certification authority hierarchy in the shape of JPKI, for tests only
