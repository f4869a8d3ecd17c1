"""Run a page of the built site in a headless Chromium, with a script of the test's at its end, and hear what it reports."""

import json
import queue
import shutil
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from docs_scripts import DOCS

SITE = DOCS / "_build" / "html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Before any script of the page: errors of the page and of its scripts are kept for the report.
FIRST = """<script>window.wrong = [];
addEventListener("error", (event) => wrong.push(String(event.message || event.target.src || event.target.href)), true);
addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
console.error = (...all) => wrong.push(all.join(" "));</script>"""

#: After them: what the test wants to be done, and then what it found.
LAST = """<script type="module">
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => { while (!holds()) await sleep(50); };
let found;
try { found = await (async () => { %s })(); } catch (error) { wrong.push(String(error)); }
await fetch("/report", { method: "POST", body: JSON.stringify({ found, wrong }) });
</script>"""


#: A window is at least 500 pixels wide, a phone is not: there the page is shown in a frame.
NARROW = '<!DOCTYPE html><iframe src="%s" width="%s" height="800" style="border: 0"></iframe>'


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site; pages with the two scripts in them; and the place where reports arrive."""

    def __init__(self, *args, script, reports, **options):
        self.script, self.reports = script, reports
        super().__init__(*args, **options)

    def do_GET(self):
        _, _, width = self.path.partition("?width=")
        page = SITE / self.path.partition("?")[0].lstrip("/")
        if page.suffix != ".html" or not page.is_file():
            return super().do_GET()
        text = page.read_text(encoding="utf-8")
        text = text.replace("<head>", "<head>" + FIRST, 1) if "<head>" in text else FIRST + text
        body = (NARROW % (page.name, width) if width else text + LAST % self.script).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


def report(page, script, seconds, size="1200,900"):
    """What a script returned at the end of a page, and the errors that were seen.

    Args:
        page: its path in the site.   script: JavaScript that may await, and returns what is to be reported.
        seconds: how long to wait at most.   size: of the window, in pixels, as 'width,height'.
    """
    reports = queue.Queue()
    handler = partial(_Handler, script=script, reports=reports, directory=str(SITE))
    with ThreadingHTTPServer(("localhost", 0), handler) as server, tempfile.TemporaryDirectory() as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://localhost:{server.server_port}/{page}"
        width = int(size.partition(",")[0])
        if width < 500:
            address, size = f"{address}?width={width}", "500,900"
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command = [CHROMIUM, *options, f"--window-size={size}", "--remote-debugging-port=0", address]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return reports.get(timeout=seconds)
        finally:
            browser.kill()
            browser.wait()
            server.shutdown()


def opened(page):
    """The document that a page becomes when it is opened from the folder, without a server; and what the console says.

    Args:
        page: its path in the site, perhaps with a query.
    """
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                CHROMIUM,
                *options,
                "--virtual-time-budget=20000",
                f"--user-data-dir={profile}",
                f"{SITE.as_uri()}/{page}",
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
