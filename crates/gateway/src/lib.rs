//! The sign-in gateway as an axum library: extractors, handlers, pages
