//! A headless Chromium at work: its driver, its windows, and what a reader of the page sees.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// How long a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The driver's process; it ends when this goes.
pub(crate) struct Driver {
    child: Child,
    url: String,
}

/// Who looks at the pages.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) width: u32,
    pub(crate) dark: bool,
    pub(crate) javascript: bool,
    pub(crate) language: &'static str,
}

pub(crate) const DESKTOP: Reader =
    Reader { width: 1280, dark: false, javascript: true, language: "en" };
pub(crate) const PHONE: Reader =
    Reader { width: 390, dark: false, javascript: true, language: "tr" };

impl Driver {
    /// Starts the driver; none where browser or driver are missing, which is a failure in CI.
    pub(crate) fn start() -> Option<Self> {
        let known = |name: &str| {
            let answer = Command::new(name).arg("--version").stdout(Stdio::null()).status();
            answer.is_ok_and(|status| status.success())
        };
        if !known("chromium") || !known("chromedriver") {
            let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!is_ci, "SKIPPED in CI: chromium and chromedriver are missing");
            eprintln!("SKIPPED: install chromium and chromium-driver to see the pages tested");
            return None;
        }
        let mut child =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let port = line.split_once("started successfully on port ")?.1;
            Some(port.trim_end_matches('.').to_owned())
        });
        std::thread::spawn(move || lines.count());
        Some(Self { child, url: format!("http://127.0.0.1:{}", port.unwrap()) })
    }

    /// A fresh window, without cookies.
    pub(crate) async fn window(&self, site: &str, reader: Reader) -> Window {
        let mut capabilities = DesiredCapabilities::chrome();
        // A browser that runs as root and in a small /dev/shm says so.
        for argument in
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        {
            capabilities.add_arg(argument).unwrap();
        }
        let mut preferences = json!({ "intl.accept_languages": reader.language });
        if !reader.javascript {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        capabilities.add_experimental_option("prefs", preferences).unwrap();
        capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" })).unwrap();
        let driver = WebDriver::new(&self.url, capabilities).await.unwrap();
        let metrics = json!({
            "width": reader.width, "height": 900, "deviceScaleFactor": 1,
            "mobile": reader.width < 600,
        });
        driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
        let scheme = if reader.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        driver.cdp().send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
        Window { driver, site: site.to_owned() }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One window of the browser.
pub(crate) struct Window {
    driver: WebDriver,
    site: String,
}

impl Window {
    pub(crate) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.site)).await.unwrap();
    }

    /// The path and query of the page.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.site).unwrap_or(url.as_str()).to_owned()
    }

    /// Whether the page has what a selector names.
    pub(crate) async fn has(&self, selector: &str) -> bool {
        !self.driver.find_all(By::Css(selector)).await.unwrap().is_empty()
    }

    /// Clicks what leads to another page, and waits for that page.
    pub(crate) async fn click(&self, selector: &str) {
        self.leave_by(&self.find(selector).await).await;
    }

    async fn leave_by(&self, element: &WebElement) {
        let page = self.find("html").await;
        element.scroll_into_view().await.unwrap();
        element.click().await.unwrap();
        page.wait_until().wait(PATIENCE, LOOK_AGAIN).stale().await.unwrap();
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Follows the link whose text a reader sees.
    pub(crate) async fn follow(&self, text: &str) {
        let link = self.driver.query(By::XPath(format!("//main//a[contains(., '{text}')]")));
        self.leave_by(&link.wait(PATIENCE, LOOK_AGAIN).first().await.unwrap()).await;
    }

    /// Presses the button of an action, and says yes where the page asks.
    pub(crate) async fn take_step(&self, action: &str) {
        let question = format!("main a[href*='/{action}?']");
        if self.has(&question).await {
            self.click(&question).await;
        }
        self.click(&format!("main form[action$='/{action}'] button")).await;
    }

    /// The visible text of the page, or of a part of it.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    pub(crate) async fn attribute(&self, selector: &str, name: &str) -> String {
        self.find(selector).await.attr(name).await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn sign_in(&self, email: &str) {
        self.go("/sign-in").await;
        self.fill("input[name=email]", email).await;
        self.fill("input[name=password]", "pazar-demo").await;
        self.click("main form[action='/sign-in'] button").await;
    }

    /// What the console has said since it was last asked, but for favicons.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        let entries = entries.into_iter().filter(|entry| entry.level != "INFO");
        entries.map(|entry| entry.message).collect()
    }

    /// The serious faults that the accessibility rules find; none where the rules are missing.
    pub(crate) async fn serious_faults(&self) -> Vec<String> {
        let Some(rules) = axe() else { return Vec::new() };
        self.driver.execute(rules, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; axe.run().then(r => done(\
            r.violations.filter(v => v.impact == 'serious' || v.impact == 'critical')\
            .map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' '))))";
        let found = self.driver.execute_async(script, Vec::new()).await.unwrap();
        found.convert::<Vec<String>>().unwrap()
    }

    /// Whether the page is wider than the window.
    pub(crate) async fn is_too_wide(&self) -> bool {
        let script = "return document.documentElement.scrollWidth > window.innerWidth";
        self.driver.execute(script, Vec::new()).await.unwrap().json() == &Value::Bool(true)
    }

    /// Keeps a picture of the whole page where `HOS_SHOTS` says.
    pub(crate) async fn shot(&self, name: &str) {
        let Some(directory) = std::env::var_os("HOS_SHOTS").map(PathBuf::from) else { return };
        let wish = json!({ "captureBeyondViewport": true });
        let answer = self.driver.cdp().send_raw("Page.captureScreenshot", wish).await.unwrap();
        let picture = answer["data"].as_str().unwrap();
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, picture).unwrap();
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), bytes).unwrap();
    }

    pub(crate) async fn close(self) {
        self.driver.quit().await.unwrap();
    }

    async fn find(&self, selector: &str) -> WebElement {
        let query = self.driver.query(By::Css(selector)).wait(PATIENCE, LOOK_AGAIN);
        match query.first().await {
            Ok(element) => element,
            Err(error) => {
                let page = self.driver.source().await.unwrap_or_default();
                panic!("{selector} on {}: {error}\n{page}", self.path().await)
            }
        }
    }
}

/// The accessibility rules, from the file that `HOS_AXE` names.
fn axe() -> Option<String> {
    let path = std::env::var_os("HOS_AXE")?;
    Some(std::fs::read_to_string(path).unwrap())
}
