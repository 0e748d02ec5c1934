//! A page on an origin of its own: where a service redirects to, or where somebody else lures a resident.

use axum::Router;
use axum::response::Html;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Elsewhere {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl Elsewhere {
    /// Serves this HTML, whatever is asked.
    pub(crate) async fn serve(html: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(async move || Html(html));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { url, serving }
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
