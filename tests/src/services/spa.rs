//! A page with Authts' `oidc-client-ts`, and the little server that hands it to a browser.

use axum::Router;
use axum::response::{Html, IntoResponse as _};
use axum::routing::get;
use http::header;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::repository;
use crate::services::node_modules;

/// A page that is a public client. Ends when dropped.
pub struct Spa {
    server: JoinHandle<()>,
    port: u16,
}

impl Spa {
    /// Serves the page on `port`, as the client `id` of `issuer`.
    pub async fn start(port: u16, issuer: &str, id: &str) -> Self {
        let read = |path: std::path::PathBuf| std::fs::read_to_string(&path).expect("a file of the page");
        let page = read(repository().join("tests/services/spa.html"));
        let library = read(node_modules().join("oidc-client-ts/dist/browser/oidc-client-ts.min.js"));
        let settings = json!({ "authority": issuer, "client_id": id }).to_string();
        let html = || get(async move || Html(page));
        let of_kind = |kind: &'static str, text: String| {
            get(async move || ([(header::CONTENT_TYPE, kind)], text).into_response())
        };
        let routes = Router::new()
            .route("/oidc-client-ts.js", of_kind("text/javascript", library))
            .route("/settings.json", of_kind("application/json", settings))
            .fallback_service(html());
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("serves") });
        Self { server, port }
    }

    /// An address of the page.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Spa {
    fn drop(&mut self) {
        self.server.abort();
    }
}
