// SPDX-License-Identifier: MIT
// Drives one Chromium for the tests: reads requests, one JSON object a line, and answers each with
// one. Whatever runs, fails or asks in a page is kept, and told by "events".
"use strict";
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const readline = require("node:readline");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	// The simulator's certificate is its own.
	"--ignore-certificate-errors"];
const PATIENCE_MS = 20000;

let context, page;
const events = [];

function watch(one) {
	one.on("pageerror", error => events.push(`page error: ${error.message}`));
	one.on("console", message => {
		// The simulator has no icon; and Chromium's own list of a directory is warned of.
		if (message.location().url.endsWith("/favicon.ico")) return;
		if (message.text().startsWith("crbug/")) return;
		if (message.type() !== "debug") events.push(`console: ${message.type()}: ${message.text()}`);
	});
	one.on("dialog", dialog => {
		events.push(`dialog: ${dialog.message()}`);
		dialog.dismiss().catch(() => {});
	});
	const sent = request => {
		if (!/^(file|data|blob):/.test(request.url())) events.push(`request: ${request.url()}`);
	};
	one.on("requestfinished", sent);
	one.on("requestfailed", request => {
		// What the page's own policy forbids is not sent.
		if (request.failure().errorText !== "csp") sent(request);
	});
	one.setDefaultTimeout(PATIENCE_MS);
}

const actions = {
	async start({ profile, width, height, dark, scripts }) {
		context = await chromium.launchPersistentContext(profile, {
			executablePath: "/usr/bin/chromium", args: FLAGS, viewport: { width, height },
			colorScheme: dark ? "dark" : "light", javaScriptEnabled: scripts, ignoreHTTPSErrors: true,
			timeout: PATIENCE_MS });
		context.on("page", watch);
		page = context.pages()[0] || await context.newPage();
		watch(page);
	},
	async open({ url }) {
		await page.goto(url, { waitUntil: "load", timeout: PATIENCE_MS });
	},
	async eval({ text }) {
		return page.evaluate(text);
	},
	async wait({ text }) {
		// Not by waitForFunction, which takes eval: the pages forbid it.
		const end = Date.now() + PATIENCE_MS;
		while (!await page.evaluate(text)) {
			if (Date.now() > end) throw new Error("it does not come true");
			await new Promise(resolve => setTimeout(resolve, 20));
		}
	},
	async arrive({ url }) {
		await page.waitForURL(one => one.href.startsWith(url), { timeout: PATIENCE_MS });
	},
	async content() {
		return page.content();
	},
	async url() {
		return page.url();
	},
	async press({ key }) {
		await page.keyboard.press(key);
	},
	async type({ text }) {
		await page.keyboard.type(text);
	},
	async wheel({ by }) {
		await page.mouse.move(400, 400);
		await page.mouse.wheel(0, by);
	},
	async click({ selector }) {
		await page.click(selector);
	},
	async select({ selector, value }) {
		await page.selectOption(selector, value);
	},
	async colors({ dark }) {
		await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
	},
	async resize({ width, height }) {
		await page.setViewportSize({ width, height });
	},
	async screenshot({ path }) {
		await page.screenshot({ path });
	},
	// What axe-core finds wrong for people who do not see, or not well, or use no mouse.
	async accessibility() {
		await page.evaluate(axe.source);
		const { violations } = await page.evaluate("axe.run()");
		return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
	},
	async reload() {
		await page.reload({ waitUntil: "load", timeout: PATIENCE_MS });
	},
	async grant() {
		await context.grantPermissions(["clipboard-read", "clipboard-write"]);
	},
	async metrics() {
		const session = await context.newCDPSession(page);
		await session.send("Performance.enable");
		const { metrics } = await session.send("Performance.getMetrics");
		return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
	},
	async events() {
		return events.splice(0);
	},
	async stop() {
		await context.close();
	},
};

// No test waits for ever.
function within(work, what) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} takes too long`)), PATIENCE_MS * 1.5);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

(async () => {
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const request = JSON.parse(line);
		let answer;
		try {
			answer = { result: await within(actions[request.do](request), request.do) ?? null };
		} catch (error) {
			answer = { error: String(error) };
		}
		process.stdout.write(JSON.stringify(answer) + "\n");
	}
})();
