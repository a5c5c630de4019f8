//! Headless Chromium, driven through chromedriver.

use std::{
    future::Future,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    error::{CmdError, ErrorStatus},
    wd::WebDriverCompatibleCommand,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::Url;

use super::{EMAIL, PASSWORD};

/// How long a page may take to come to what a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How often chromedriver is started until it listens.
const STARTS: usize = 10;
/// Set it to 1 where there is no browser.
const SKIP: &str = "ZIS_TEST_SKIP_BROWSER";

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// `chromedriver` on a free port, killed when dropped.
struct Driver {
    child: Child,
    port: u16,
    /// Held open: chromedriver may have more to say.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// A free port is one of two protocols to chromedriver: now and then somebody has it in the other, and it ends.
    fn start() -> Self {
        (0..STARTS).find_map(|_| Self::try_start()).expect("chromedriver ended before it listened, again and again")
    }

    fn try_start() -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .args(["--port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver does not start ({error}): install chromium and chromedriver, or set {SKIP}=1")
            });
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let port = Self::port(&mut output);
        let driver = Self { child, port: port.unwrap_or_default(), _output: output };
        port.map(|_| driver)
    }

    /// The port that it says it listens on, or `None` when it ends before.
    fn port(output: &mut BufReader<ChildStdout>) -> Option<u16> {
        let lines = output.lines().map_while(Result::ok);
        let mut ports = lines.filter_map(|line| {
            let (_, port) = line.rsplit_once("successfully on port ")?;
            port.trim().trim_end_matches('.').parse().ok()
        });
        ports.next()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser window and the server that it looks at.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    pub base: String,
}

/// Runs `test` with a browser of `width` pixels; the browser is closed however the test ends.
pub async fn with_browser<F, T>(base: String, width: u32, test: F)
where
    F: FnOnce(Browser) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    run(base, width, Scripts::On, test).await;
}

/// The same where pages may not run scripts.
pub async fn with_plain_browser<F, T>(base: String, width: u32, test: F)
where
    F: FnOnce(Browser) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    run(base, width, Scripts::Off, test).await;
}

/// Whether pages may run scripts; the driver's own run all the same.
#[derive(Clone, Copy, PartialEq)]
enum Scripts {
    On,
    Off,
}

async fn run<F, T>(base: String, width: u32, scripts: Scripts, test: F)
where
    F: FnOnce(Browser) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    if is_skipped() {
        return;
    }
    let driver = Driver::start();
    let profile = tempfile::tempdir().expect("a folder");
    let client = connect(&driver, profile.path(), width, scripts).await;
    let browser = Browser { client: client.clone(), base };
    let outcome = tokio::spawn(test(browser)).await;
    client.close().await.expect("the browser closes");
    if let Err(error) = outcome {
        std::panic::resume_unwind(error.into_panic());
    }
}

fn is_skipped() -> bool {
    let skip = std::env::var_os(SKIP).is_some_and(|value| value == "1");
    if skip {
        let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
        eprintln!("{count} browser tests skipped: {SKIP}=1");
    }
    skip
}

async fn connect(driver: &Driver, profile: &Path, width: u32, scripts: Scripts) -> Client {
    // 1 allows, 2 forbids: the setting of Chromium's own page of settings.
    let allowed = if scripts == Scripts::On { 1 } else { 2 };
    let options = json!({
        "prefs": {"profile.managed_default_content_settings.javascript": allowed},
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", format!("--user-data-dir={}", profile.display()),
        ],
        "mobileEmulation": {"deviceMetrics": {"width": width, "height": 900, "pixelRatio": 1.0, "mobile": width < 600, "touch": false}},
    });
    let capabilities =
        json!({"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
    let capabilities = capabilities.as_object().expect("an object").clone();
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let address = format!("http://127.0.0.1:{}", driver.port);
    builder
        .capabilities(capabilities)
        .connect(&address)
        .await
        .unwrap_or_else(|error| panic!("chromedriver starts no browser ({error}): install chromium, or set {SKIP}=1"))
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _url: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

impl Browser {
    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.expect("the page loads");
    }

    /// Signs in as the admin.
    pub async fn sign_in(&self) {
        self.go("/").await;
        self.fill("#email", EMAIL).await;
        self.fill("#password", PASSWORD).await;
        self.press("Sign in").await;
        self.see("//h1[.='Home']").await;
    }

    /// Waits for what the XPath describes.
    pub async fn see(&self, xpath: &str) -> Element {
        self.wait(Locator::XPath(xpath)).await
    }

    async fn wait(&self, locator: Locator<'_>) -> Element {
        let found = self.client.wait().at_most(PATIENCE).every(LOOK_EVERY).for_element(locator).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{locator:?} did not come ({error}) on {}", self.text().await),
        }
    }

    /// Address and text of the page.
    pub async fn text(&self) -> String {
        let script = "return location.href + '\\n' + document.body.innerText";
        self.run(script).await.as_str().unwrap_or_default().to_owned()
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Types into a field, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.wait(Locator::Css(css)).await;
        field.clear().await.expect("it can be cleared");
        field.send_keys(text).await.expect("it takes keys");
    }

    /// Puts a long text into a field at once, as from the clipboard.
    pub async fn paste(&self, css: &str, text: &str) {
        let field = self.wait(Locator::Css(css)).await;
        let arguments = vec![serde_json::to_value(&field).expect("a reference"), text.into()];
        self.client.execute("arguments[0].value = arguments[1]", arguments).await.expect("the script runs");
    }

    /// Waits for what the XPath describes, and clicks on it: on the one that took its place, when the page changed meanwhile.
    pub async fn click(&self, xpath: &str) {
        loop {
            match self.see(xpath).await.click().await {
                Ok(()) => return,
                Err(CmdError::Standard(error)) if error.error == ErrorStatus::StaleElementReference => {}
                Err(error) => panic!("{xpath} can't be clicked: {error}"),
            }
        }
    }

    /// Clicks on the button with this text.
    pub async fn press(&self, text: &str) {
        self.click(&format!("//button[normalize-space()='{text}']")).await;
    }

    /// Opens what is behind this summary.
    pub async fn open(&self, text: &str) {
        self.click(&format!("//summary[normalize-space()='{text}']")).await;
    }

    /// Clicks on the button with this text within the element `css` finds.
    pub async fn press_in(&self, css: &str, text: &str) {
        let part = self.wait(Locator::Css(css)).await;
        let button = part.find(Locator::XPath(&format!(".//button[normalize-space()='{text}']"))).await;
        let pressed = button.expect("there is such a button").click().await;
        pressed.unwrap_or_else(|error| panic!("`{text}` can't be pressed: {error}"));
    }

    /// Presses a key where the focus is.
    pub async fn key(&self, key: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(key).await.expect("it takes keys");
    }

    /// Answers what the page asks before it does what can't be undone.
    pub async fn confirm(&self, text: &str) {
        self.press_in("dialog", text).await;
    }

    /// Follows the link with this text.
    pub async fn follow(&self, text: &str) {
        self.click(&format!("//a[normalize-space()='{text}']")).await;
    }

    /// Fetches an address as the page would: with its session.
    pub async fn fetch(&self, path: &str) -> String {
        let script = "const [path, done] = arguments; fetch(path).then((answer) => answer.text()).then(done)";
        let text = self.client.execute_async(script, vec![path.into()]).await.expect("the script runs");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Posts JSON as the page would: with its session; the status.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let script = "const [path, body, done] = arguments; \
            fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body}).then((answer) => done(answer.status))";
        self.client.execute_async(script, vec![path.into(), body.to_string().into()]).await.expect("the script runs")
    }

    /// Makes the reader one who prefers `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.client.issue_cmd(Own("goog/cdp/execute", command)).await.expect("the scheme is set");
    }

    /// The serious and critical findings of axe-core on the page, `axe` being its script.
    pub async fn axe(&self, axe: &str) -> Value {
        self.run(axe).await;
        let script = "const done = arguments[0]; \
            axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations \
                .filter((one) => ['serious', 'critical'].includes(one.impact)) \
                .map((one) => [one.id, one.help, one.nodes.map((node) => node.html.slice(0, 200))])))";
        self.client.execute_async(script, Vec::new()).await.expect("axe-core runs")
    }

    /// What the browser's console got since it was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Own("se/log", json!({"type": "browser"}))).await.expect("there is a log");
        let entries = log.as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
