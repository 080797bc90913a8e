// SPDX-License-Identifier: MIT
// Runs calls through the official Tencent Cloud SDK. Reads {port, secretKey, region, shift,
// calls: [{action, params}]} from stdin; writes one {result} or {error: {code, message}} per call.
"use strict";

const fs = require("fs");
const https = require("https");

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

// The SDK takes the service to sign for from the endpoint's first label, and signs the host without
// a port: it only works with the default one. So it is given such a name, and its connections go
// to the simulator's port.
class Agent extends https.Agent {
	createConnection(options, done) {
		return super.createConnection({ ...options, host: "127.0.0.1", port: job.port }, done);
	}
}

async function main() {
	const client = new cvm.v20170312.Client({
		credential: { secretId: job.secretId || "CONSOLEFSSIM", secretKey: job.secretKey },
		region: job.region,
		profile: {
			httpProfile: {
				endpoint: "cvm.localhost",
				protocol: "https://",
				reqTimeout: 30,
				agent: new Agent({ keepAlive: true }),
			},
		},
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
	process.stdout.write(JSON.stringify(answers), () => process.exit(0));
}

main();
