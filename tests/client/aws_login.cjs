// SPDX-License-Identifier: MIT
// The official AWS SDK's provider for the session of `aws login`: a JSON object a line on stdin, one on stdout for each.
//
//     {"profile":S or null,"environ":{...}}       {"keys":[ID, SECRET, TOKEN],"expires":S} or {"error":S}
//     {"region":S,"fips":B,"dual":B}              {"url":S}, where the sign-in service is asked
"use strict";

// Not there before Node 20, and the provider's only use of it is randomUUID().
globalThis.crypto ??= require("node:crypto").webcrypto;

const readline = require("node:readline");
const { fromLoginCredentials } = require("@aws-sdk/credential-provider-login");

// A dependency of the provider, found from there.
const { SigninClient } = require(require.resolve("@aws-sdk/nested-clients/signin", {
	paths: [require.resolve("@aws-sdk/credential-provider-login")],
}));

async function sign(job) {
	for (const name of Object.keys(process.env))
		delete process.env[name];
	Object.assign(process.env, job.environ);
	const provider = fromLoginCredentials({ profile: job.profile ?? undefined, ignoreCache: true });
	const keys = await provider({ callerClientConfig: { region: async () => process.env.AWS_REGION } });
	return {
		keys: [keys.accessKeyId, keys.secretAccessKey, keys.sessionToken],
		expires: keys.expiration.toISOString(),
	};
}

function endpoint(job) {
	const client = new SigninClient({ region: job.region, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
	return {
		url: client.config.endpointProvider({
			Region: job.region, UseFIPS: job.fips, UseDualStack: job.dual, IsControlPlane: false,
		}).url.href,
	};
}

async function main() {
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const job = JSON.parse(line);
		let answer;
		try {
			answer = job.region ? endpoint(job) : await sign(job);
		} catch (error) {
			answer = { error: `${error.name}: ${error.message}` };
		}
		process.stdout.write(`${JSON.stringify(answer)}\n`);
	}
}

main();
