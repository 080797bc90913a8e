// Runs calls through the official Tencent Cloud SDK. Reads {endpoint, secretKey, region, shift,
// calls: [{action, params}]} from stdin; writes one {result} or {error: {code, message}} per call.
"use strict";

const fs = require("fs");

const job = JSON.parse(fs.readFileSync(0, "utf8"));

if (job.shift) {
	// The SDK asks the clock by way of Date; a client whose clock is wrong sees this one.
	const RealDate = Date;
	globalThis.Date = class extends RealDate {
		constructor(...args) {
			super(...(args.length ? args : [RealDate.now() + job.shift * 1000]));
		}
		static now() {
			return RealDate.now() + job.shift * 1000;
		}
	};
}

const { cvm } = require("tencentcloud-sdk-nodejs-cvm");

async function main() {
	const client = new cvm.v20170312.Client({
		credential: { secretId: job.secretId || "CONSOLEFSSIM", secretKey: job.secretKey },
		region: job.region,
		profile: { httpProfile: { endpoint: job.endpoint, protocol: "https://", reqTimeout: 30 } },
	});
	const answers = [];
	for (const call of job.calls) {
		try {
			answers.push({ result: await client[call.action](call.params) });
		} catch (error) {
			answers.push({ error: { code: error.code || "", message: error.message || "",
				requestId: error.requestId || "" } });
		}
	}
	process.stdout.write(JSON.stringify(answers));
}

main();
