//! Tabs. Commands go to the current one, as a resident looks at one tab at a time.

use fantoccini::wd::WindowHandle;

use super::Chromium;

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Chromium {
    /// The current tab.
    pub async fn tab(&self) -> Tab {
        Tab(self.client.window().await.expect("a tab"))
    }

    /// All tabs.
    pub async fn tabs(&self) -> Vec<Tab> {
        self.client.windows().await.expect("the tabs").into_iter().map(Tab).collect()
    }

    /// Goes to a tab.
    pub async fn switch_to(&self, tab: &Tab) {
        self.client.switch_to_window(tab.0.clone()).await.expect("the tab is open");
    }

    /// Opens an empty tab and goes there.
    pub async fn new_tab(&self) -> Tab {
        let opened = self.client.new_window(true).await.expect("a new tab");
        let tab = Tab(opened.handle);
        self.switch_to(&tab).await;
        tab
    }

    /// Waits until there are tabs beside `known`, as many as `count`, and answers those.
    pub async fn more_tabs(&self, known: &[Tab], count: usize) -> Vec<Tab> {
        self.until(&format!("{count} more tabs"), async || {
            let more: Vec<_> = self.tabs().await.into_iter().filter(|tab| !known.contains(tab)).collect();
            if more.len() == count { Ok(more) } else { Err(format!("{}", more.len())) }
        })
        .await
    }

    /// Waits until of `known` only as many as `count` are open, and answers those.
    pub async fn fewer_tabs(&self, known: &[Tab], count: usize) -> Vec<Tab> {
        self.until(&format!("{count} of {} tabs", known.len()), async || {
            let left: Vec<_> = self.tabs().await.into_iter().filter(|tab| known.contains(tab)).collect();
            if left.len() == count { Ok(left) } else { Err(format!("{}", left.len())) }
        })
        .await
    }

    /// Waits until these tabs are the only ones.
    pub async fn only_tabs(&self, tabs: &[Tab]) {
        self.until("the other tabs are closed", async || {
            let now = self.tabs().await;
            if now.iter().all(|tab| tabs.contains(tab)) { Ok(()) } else { Err(format!("{} tabs", now.len())) }
        })
        .await;
    }
}
