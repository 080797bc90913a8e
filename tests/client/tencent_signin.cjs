// SPDX-License-Identifier: MIT
// Signs in with one of the official Tencent Cloud SDK's credential providers, as its environment and a job
// {port, metadataPort, region, provider, role, externalId, calls: [{action, params}]} on stdin say. Writes
// {identity, id, answers: [{result} or {error}]}, or {error} when there are no keys.
"use strict";

const fs = require("fs");
const http = require("http");
const https = require("https");

const job = JSON.parse(fs.readFileSync(0, "utf8"));
const { cvm } = require("tencentcloud-sdk-nodejs-cvm");
const common = require("tencentcloud-sdk-nodejs-common");

// See tencent.cjs: the SDK needs a name whose first label is the service's, and the default port.
class Agent extends https.Agent {
	createConnection(options, done) {
		return super.createConnection({ ...options, host: "127.0.0.1", port: job.port }, done);
	}
}

// The metadata service's address is fixed in the SDK.
const connect = http.Agent.prototype.createConnection;
http.globalAgent.createConnection = function (options, done) {
	if (options.host !== "metadata.tencentyun.com")
		throw new Error(`connects to ${options.host}`);
	return connect.call(this, { ...options, host: "127.0.0.1", port: job.metadataPort }, done);
};

const agent = new Agent({ keepAlive: true });
const profile = (service) => ({
	httpProfile: { endpoint: `${service}.localhost`, protocol: "https://", reqTimeout: 30, agent },
});
const sts = (credential) => ({ credential, region: job.region, profile: profile("sts") });
const user = { secretId: "CONSOLEFSSIM", secretKey: "consolefs-sim-secret" };

const assumes = (credential, role) => new common.STSCredential(sts(credential), {
	RoleArn: role, RoleSessionName: "mine",
	...(job.externalId && { ExternalId: job.externalId }),
});

const providers = {
	user: () => ({ getCredential: async () => user }),
	role: () => assumes(user, job.role),
	chain: () => assumes(assumes(user, job.role), job.next),
	oidc: () => new common.OIDCRoleArnCredential({ profile: profile("sts") }),
	cvm: () => new common.CvmRoleCredential(),
};

const failure = (error) => ({ code: error.code || "", message: error.message || "" });

async function main() {
	const provider = providers[job.provider]();
	const keys = await provider.getCredential();
	const identity = await new common.CommonClient("sts.localhost", "2018-08-13",
		sts(provider)).request("GetCallerIdentity", {});
	const client = new cvm.v20170312.Client({
		credential: provider, region: job.region, profile: profile("cvm"),
	});
	const answers = [];
	for (const call of job.calls) {
		try {
			answers.push({ result: await client[call.action](call.params) });
		} catch (error) {
			answers.push({ error: failure(error) });
		}
	}
	return { identity, keys, answers };
}

main().catch((error) => ({ error: failure(error) })).then((done) => {
	process.stdout.write(JSON.stringify(done), () => process.exit(0));
});
