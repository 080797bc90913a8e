/* SPDX-License-Identifier: MIT */
/*
 * DescribeInstances of EC2.
 *
 * The indexes of the instances to show are found first; the XML is made from them piece by piece,
 * into memory for a page and onto the wire for a longer answer, so a listing of 100,000 costs no
 * more than its indexes. Pages are counted before the filters, as EC2 counts them: a page may be
 * short or empty and still carry a token. The second page of a listing always is empty and the
 * third is half as long as it could be, so a client that stops at either is found out.
 */
#include "ec2.h"

#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX 1000
#define PAGE_LEAST 5
#define PAGE_MOST 1000
#define FILTERS_MAX 50
#define VALUES_MAX 200
#define PIECE 64 /* instances that are made at once */
#define TOKEN_MAC 16
#define TOKEN_SIZE (8 + 8 + 2 * TOKEN_MAC + 1)

struct filter {
	const char *name;
	const char *values[VALUES_MAX];
	unsigned n_values;
};

struct listing {
	struct sim *sim;
	char request_id[SIM_UUID_SIZE];
	struct sim_effect effect;
	char token[TOKEN_SIZE]; /* "": this is the last page */
	uint32_t *indexes;
	size_t count;
	size_t next;
	bool opened;
};

static void listing_destroy(void *state)
{
	struct listing *listing = state;
	if (!listing)
		return;
	free(listing->indexes);
	free(listing);
}

/* EC2's wildcards: * and ?, and a backslash before a literal one. */
static bool matches_pattern(const char *text, const char *pattern)
{
	const char *star = NULL, *mark = text;
	while (*text) {
		bool escaped = pattern[0] == '\\' && pattern[1];
		const char *literal = pattern + escaped;
		if (*pattern == '*') {
			star = ++pattern;
			mark = text;
		} else if ((*pattern == '?') || (*literal && *literal == *text)) {
			pattern = literal + 1;
			text++;
		} else if (star) {
			pattern = star;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool matches_any(const struct filter *filter, const char *text)
{
	for (unsigned i = 0; i < filter->n_values; i++) {
		if (matches_pattern(text, filter->values[i]))
			return true;
	}
	return false;
}

static unsigned state_code(enum sim_state state)
{
	static const unsigned codes[] = {[SIM_PENDING] = 0,
		[SIM_RUNNING] = 16,
		[SIM_SHUTTING_DOWN] = 32,
		[SIM_TERMINATED] = 48,
		[SIM_STOPPING] = 64,
		[SIM_STOPPED] = 80};
	return codes[state];
}

static unsigned vpc_of(const struct sim_instance *instance)
{
	return instance->region + 1;
}

/* The attribute that a filter names, as text; false when EC2 knows no such filter. */
static bool attribute(
	const struct sim_instance *instance, const char *filter, char *ret_text, size_t size)
{
	if (strcmp(filter, "instance-id") == 0)
		snprintf(ret_text, size, "%s", instance->id);
	else if (strcmp(filter, "instance-state-name") == 0)
		snprintf(ret_text, size, "%s", sim_fleet_state_name(SIM_AWS, instance->state));
	else if (strcmp(filter, "instance-state-code") == 0)
		snprintf(ret_text, size, "%u", state_code(instance->state));
	else if (strcmp(filter, "instance-type") == 0)
		snprintf(ret_text, size, "%s", instance->type->name);
	else if (strcmp(filter, "architecture") == 0)
		snprintf(ret_text, size, "%s", instance->type->arch);
	else if (strcmp(filter, "availability-zone") == 0)
		snprintf(ret_text, size, "%s", instance->zone);
	else if (strcmp(filter, "private-ip-address") == 0)
		snprintf(ret_text, size, "%s", instance->private_ip);
	else if (strcmp(filter, "ip-address") == 0)
		snprintf(ret_text, size, "%s", instance->public_ip);
	else if (strcmp(filter, "vpc-id") == 0)
		snprintf(ret_text, size, "vpc-%017x", vpc_of(instance));
	else if (strcmp(filter, "subnet-id") == 0)
		snprintf(ret_text, size, "subnet-%017x", vpc_of(instance));
	else if (strcmp(filter, "owner-id") == 0)
		snprintf(ret_text, size, "%s", SIM_ACCOUNT);
	else if (strcmp(filter, "hypervisor") == 0)
		snprintf(ret_text, size, "xen");
	else
		return false;
	return true;
}

static bool matches_filter(const struct sim_instance *instance, const struct filter *filter)
{
	char text[128];
	bool key = strcmp(filter->name, "tag-key") == 0;
	if (!key && strncmp(filter->name, "tag:", 4) != 0)
		return attribute(instance, filter->name, text, sizeof(text)) &&
			matches_any(filter, text);
	for (unsigned i = 0; i < instance->n_tags; i++) {
		const struct sim_tag *tag = &instance->tags[i];
		if (key ? matches_any(filter, tag->key)
			: strcmp(filter->name + 4, tag->key) == 0 &&
					matches_any(filter, tag->value))
			return true;
	}
	return false;
}

static bool is_filter(const struct sim *sim, const char *name)
{
	struct sim_instance any;
	char text[128];
	if (strcmp(name, "tag-key") == 0 || (strncmp(name, "tag:", 4) == 0 && name[4]))
		return true;
	if (sim->fleet.count == 0)
		return true;
	sim_fleet_get(&sim->fleet, SIM_AWS, 0, &any);
	return attribute(&any, name, text, sizeof(text));
}

/* Filter.N.Name and Filter.N.Value.M, into filters[N]. False after an error answer. */
static bool parse_filters(struct sim_ec2_call *call, struct filter *filters, unsigned *ret_count)
{
	unsigned count = 0;
	for (size_t i = 0; i < call->form->count; i++) {
		const struct sim_param *param = &call->form->params[i];
		if (strncmp(param->name, "Filter.", 7) != 0)
			continue;
		char *end;
		unsigned long n = strtoul(param->name + 7, &end, 10);
		if (n < 1 || n > FILTERS_MAX) {
			sim_ec2_error(call->answer, 0, "FilterLimitExceeded",
				"The maximum number of filters is %d", FILTERS_MAX);
			return false;
		}
		struct filter *filter = &filters[n - 1];
		if (n > count)
			count = (unsigned)n;
		if (strcmp(end, ".Name") == 0) {
			filter->name = param->value;
		} else if (filter->n_values < VALUES_MAX) {
			filter->values[filter->n_values++] = param->value;
		} else {
			sim_ec2_error(call->answer, 0, "FilterLimitExceeded",
				"The maximum number of filter values is %d", VALUES_MAX);
			return false;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		const struct filter *filter = &filters[i];
		if (!filter->name || !is_filter(call->sim, filter->name)) {
			sim_ec2_error(call->answer, 0, "InvalidParameterValue",
				"The filter '%.80s' is invalid",
				filter->name ? filter->name : "null");
			return false;
		}
		if (filter->n_values == 0) {
			sim_ec2_error(call->answer, 0, "InvalidParameterValue",
				"The filter '%.80s' has no value", filter->name);
			return false;
		}
	}
	*ret_count = count;
	return true;
}

/* A token holds a position and a page number, sealed together with region and filters. */
static int seal(struct sim_ec2_call *call, uint32_t position, uint32_t page, char *ret_token)
{
	unsigned char mac[SIM_SHA256_SIZE];
	struct sim_buf text = {0};
	int r = -ENOMEM;
	sim_buf_addf(&text, "%08x%08x|%u", position, page, call->region);
	for (size_t i = 0; i < call->form->count; i++) {
		const struct sim_param *param = &call->form->params[i];
		if (strncmp(param->name, "Filter.", 7) == 0)
			sim_buf_addf(&text, "|%s=%s", param->name, param->value);
	}
	if (text.failed)
		goto out;
	r = sim_crypto_hmac_sha256(
		call->sim->token_key, sizeof(call->sim->token_key), text.data, text.len, mac);
	if (r == 0) {
		snprintf(ret_token, TOKEN_SIZE, "%08x%08x", position, page);
		sim_crypto_hex(mac, TOKEN_MAC, ret_token + 16);
	}
out:
	sim_buf_finish(&text);
	return r;
}

static int unseal(
	struct sim_ec2_call *call, const char *token, uint32_t *ret_position, uint32_t *ret_page)
{
	char expected[TOKEN_SIZE];
	unsigned position = 0, page = 0;
	if (strlen(token) != TOKEN_SIZE - 1 || sscanf(token, "%8x%8x", &position, &page) != 2)
		return -EINVAL;
	int r = seal(call, position, page, expected);
	if (r < 0)
		return r;
	if (!sim_crypto_equal(expected, token))
		return -EINVAL;
	*ret_position = position;
	*ret_page = page;
	return 0;
}

/* The instances that InstanceId.N names. False after an error answer. */
static bool list_ids(struct sim_ec2_call *call, struct listing *listing)
{
	const struct sim_form *form = call->form;
	for (size_t i = 0; i < form->count; i++) {
		struct sim_instance instance;
		if (strncmp(form->params[i].name, "InstanceId.", 11) != 0)
			continue;
		const char *id = form->params[i].value;
		int r = sim_fleet_find(&call->sim->fleet, SIM_AWS, id, &instance);
		if (r == -EINVAL) {
			sim_ec2_error(call->answer, 0, "InvalidInstanceID.Malformed",
				"Invalid id: \"%.80s\"", id);
			return false;
		}
		if (r < 0 || instance.region != call->region) {
			sim_ec2_error(call->answer, 0, "InvalidInstanceID.NotFound",
				"The instance ID '%s' does not exist", id);
			return false;
		}
		if (listing->count == IDS_MAX) {
			sim_ec2_error(call->answer, 0, "InvalidParameterValue",
				"At most %d instances can be named", IDS_MAX);
			return false;
		}
		listing->indexes[listing->count++] = instance.index;
	}
	return true;
}

static void apply_filters(struct listing *listing, const struct filter *filters, unsigned n_filters)
{
	size_t kept = 0;
	for (size_t i = 0; i < listing->count && n_filters; i++) {
		struct sim_instance instance;
		bool keep = true;
		sim_fleet_get(&listing->sim->fleet, SIM_AWS, listing->indexes[i], &instance);
		for (unsigned f = 0; f < n_filters && keep; f++)
			keep = matches_filter(&instance, &filters[f]);
		if (keep)
			listing->indexes[kept++] = listing->indexes[i];
	}
	if (n_filters)
		listing->count = kept;
}

/* The page, or all, of the region. False after an error answer. */
static bool list_region(struct sim_ec2_call *call, struct listing *listing, unsigned page_size)
{
	const struct sim_fleet *fleet = &call->sim->fleet;
	unsigned regions = call->sim->options.regions[SIM_AWS].count;
	uint32_t total = fleet->count / regions + (call->region < fleet->count % regions);
	uint32_t position = 0, page = 0, end = total;
	const char *token = sim_form_get(call->form, "NextToken");
	if (token && unseal(call, token, &position, &page) < 0) {
		sim_ec2_error(call->answer, 0, "InvalidNextToken",
			"The specified NextToken is not valid.");
		return false;
	}
	if (page_size) {
		uint32_t most = page == 1 ? 0 : page == 2 ? page_size / 2 : page_size;
		if (most < total - position)
			end = position + most;
		/* A full last page says there is more, and then there is not: so does EC2. */
		bool more = end < total || (end == total && end - position == page_size);
		if (more && seal(call, end, page + 1, listing->token) < 0) {
			sim_ec2_error(
				call->answer, 0, "InternalError", "An internal error has occurred");
			return false;
		}
	}
	/* Whoever is gone leaves a gap: pages may be short. */
	for (uint32_t i = position; i < end; i++) {
		uint32_t index = i * regions + call->region;
		if (!sim_fleet_is_gone(fleet, SIM_AWS, index))
			listing->indexes[listing->count++] = index;
	}
	return true;
}

static void add_text(struct sim_buf *out, unsigned depth, const char *element, const char *text)
{
	sim_buf_addf(out, "%*s<%s>", (int)depth * 4, "", element);
	sim_buf_add_xml(out, text);
	sim_buf_addf(out, "</%s>\n", element);
}

static void add_placement(struct sim_buf *out, const struct sim_instance *instance)
{
	const char *host = instance->public_ip;
	sim_buf_addf(out,
		"                    <placement>\n"
		"                        <availabilityZone>%s</availabilityZone>\n"
		"                        <groupName/>\n"
		"                        <tenancy>default</tenancy>\n"
		"                    </placement>\n"
		"                    <monitoring>\n"
		"                        <state>disabled</state>\n"
		"                    </monitoring>\n"
		"                    <subnetId>subnet-%017x</subnetId>\n"
		"                    <vpcId>vpc-%017x</vpcId>\n"
		"                    <privateIpAddress>%s</privateIpAddress>\n",
		instance->zone, vpc_of(instance), vpc_of(instance), instance->private_ip);
	if (*host)
		sim_buf_addf(out, "                    <ipAddress>%s</ipAddress>\n", host);
}

/* The instance's address in another network. */
static void address_of(const struct sim_instance *instance, const char *network, char ret_text[16])
{
	snprintf(ret_text, 16, "%s.%u.%u", network, instance->index >> 8 & 0xff,
		instance->index & 0xff);
}

/* What lies deeper in a real answer: items in items, with names that also stand further up. */
static void add_devices(struct sim_buf *out, const struct sim_instance *instance)
{
	const char *device = instance->type->nitro ? "/dev/xvda" : "/dev/sda1";
	unsigned long long id = instance->random;
	sim_buf_addf(out,
		"                    <rootDeviceType>ebs</rootDeviceType>\n"
		"                    <rootDeviceName>%s</rootDeviceName>\n"
		"                    <blockDeviceMapping>\n                        <item>\n"
		"                            <deviceName>%s</deviceName>\n"
		"                            <ebs>\n"
		"                                <volumeId>vol-0%016llx</volumeId>\n"
		"                                <status>attached</status>\n"
		"                                <deleteOnTermination>true</deleteOnTermination>\n"
		"                            </ebs>\n"
		"                        </item>\n                    </blockDeviceMapping>\n",
		device, device, id);
}

static void add_association(struct sim_buf *out, unsigned depth, const char *address)
{
	sim_buf_addf(out, "%*s<association>\n", (int)depth * 4, "");
	add_text(out, depth + 1, "publicIp", address);
	add_text(out, depth + 1, "ipOwnerId", "amazon");
	sim_buf_addf(out, "%*s</association>\n", (int)depth * 4, "");
}

static void add_private(
	struct sim_buf *out, const char *address, const char *public_address, bool primary)
{
	sim_buf_adds(out, "                                <item>\n");
	add_text(out, 9, "privateIpAddress", address);
	add_text(out, 9, "primary", primary ? "true" : "false");
	if (*public_address)
		add_association(out, 9, public_address);
	sim_buf_adds(out, "                                </item>\n");
}

/* An interface's own tags have the names of those of the instance. */
static void add_interface(struct sim_buf *out, const struct sim_instance *instance, unsigned number,
	const char *address, const char *public_address)
{
	unsigned long long id = instance->random + number;
	sim_buf_addf(out,
		"                        <item>\n"
		"                            "
		"<networkInterfaceId>eni-0%016llx</networkInterfaceId>\n"
		"                            <subnetId>subnet-%017x</subnetId>\n"
		"                            <vpcId>vpc-%017x</vpcId>\n"
		"                            <description>Network interface</description>\n"
		"                            <ownerId>" SIM_ACCOUNT "</ownerId>\n"
		"                            <status>in-use</status>\n"
		"                            <macAddress>02:42:0a:%02x:%02x:%02x</macAddress>\n"
		"                            <sourceDestCheck>true</sourceDestCheck>\n"
		"                            <groupSet>\n                                <item>\n"
		"                                    <groupId>sg-0%016llx</groupId>\n"
		"                                    <groupName>default</groupName>\n"
		"                                </item>\n                            </groupSet>\n"
		"                            <attachment>\n"
		"                                <attachmentId>eni-attach-0%016llx</attachmentId>\n"
		"                                <deviceIndex>%u</deviceIndex>\n"
		"                                <status>attached</status>\n"
		"                            </attachment>\n"
		"                            <tagSet>\n                                <item>\n"
		"                                    <key>Name</key>\n"
		"                                    <value>not the name of the instance</value>\n"
		"                                </item>\n                            </tagSet>\n",
		id >> 1, vpc_of(instance), vpc_of(instance), number, instance->index >> 8 & 0xff,
		instance->index & 0xff, id >> 2, id >> 3, number);
	add_text(out, 7, "privateIpAddress", address);
	if (*public_address)
		add_association(out, 7, public_address);
	sim_buf_adds(out, "                            <privateIpAddressesSet>\n");
	add_private(out, address, public_address, true);
	if (number == 0 && instance->index % 4 == 1) {
		char other[16], elastic[16];
		address_of(instance, "172.16", other);
		snprintf(elastic, sizeof(elastic), "198.51.100.%u", instance->index & 0xff);
		add_private(out, other, elastic, false);
	}
	sim_buf_adds(out, "                            </privateIpAddressesSet>\n");
	if (instance->index % 8 < 4)
		sim_buf_addf(out,
			"                            <ipv6AddressesSet>\n"
			"                                <item>\n"
			"                                    <ipv6Address>2001:db8:%x::%x"
			"</ipv6Address>\n"
			"                                </item>\n"
			"                            </ipv6AddressesSet>\n",
			number, instance->index + 1);
	sim_buf_adds(out, "                        </item>\n");
}

/* Some have more than one address: the last interface first, as EC2 promises no order. */
static void add_interfaces(struct sim_buf *out, const struct sim_instance *instance)
{
	char other[16];
	sim_buf_adds(out, "                    <networkInterfaceSet>\n");
	if (instance->index % 4 == 3) {
		address_of(instance, "172.17", other);
		add_interface(out, instance, 1, other, "");
	}
	add_interface(out, instance, 0, instance->private_ip, instance->public_ip);
	sim_buf_adds(out, "                    </networkInterfaceSet>\n");
	if (instance->index % 8 < 4)
		sim_buf_addf(out, "                    <ipv6Address>2001:db8:0::%x</ipv6Address>\n",
			instance->index + 1);
}

static void add_tags(struct sim_buf *out, const struct sim_instance *instance, bool oversize)
{
	if (instance->n_tags == 0)
		return;
	sim_buf_adds(out, "                    <tagSet>\n");
	for (unsigned i = 0; i < instance->n_tags; i++) {
		sim_buf_adds(out, "                        <item>\n");
		add_text(out, 7, "key", instance->tags[i].key);
		add_text(out, 7, "value", instance->tags[i].value);
		sim_buf_adds(out, "                        </item>\n");
	}
	if (oversize) {
		sim_buf_adds(out, "                        <item><key>big</key><value>");
		sim_buf_fill(out, 'a', SIM_FAULT_OVERSIZE_BYTES);
		sim_buf_adds(out, "</value></item>\n");
	}
	sim_buf_adds(out, "                    </tagSet>\n");
}

static const char *reason_of(enum sim_state state)
{
	if (state == SIM_STOPPED || state == SIM_STOPPING)
		return "Client.UserInitiatedShutdown: User initiated shutdown";
	if (state == SIM_SHUTTING_DOWN || state == SIM_TERMINATED)
		return "Client.InstanceInitiatedShutdown: Instance initiated shutdown";
	return NULL;
}

/* id stands in for the instance's own. */
static void add_instance(
	struct sim_buf *out, const struct sim_instance *instance, const char *id, bool oversize)
{
	char launched[SIM_TIME_TEXT];
	bool gone = instance->state == SIM_TERMINATED;
	const char *reason = reason_of(instance->state);
	sim_clock_format(instance->launched_ms, 1, launched);
	sim_buf_addf(out,
		"        <item>\n            <reservationId>r-0%016llx</reservationId>\n"
		"            <ownerId>" SIM_ACCOUNT "</ownerId>\n            <groupSet/>\n"
		"            <instancesSet>\n                <item>\n",
		(unsigned long long)instance->random);
	add_text(out, 5, "instanceId", id);
	sim_buf_addf(out,
		"                    <imageId>ami-0abcdef1234567890</imageId>\n"
		"                    <instanceState>\n                        <code>%u</code>\n"
		"                        <name>%s</name>\n                    </instanceState>\n",
		state_code(instance->state), sim_fleet_state_name(SIM_AWS, instance->state));
	if (gone || !instance->public_ip[0])
		sim_buf_adds(out, "                    <dnsName/>\n");
	else
		sim_buf_addf(out,
			"                    <dnsName>ec2-%s.compute.amazonaws.com</dnsName>\n",
			instance->public_ip);
	if (gone)
		sim_buf_adds(out, "                    <privateDnsName/>\n");
	else
		sim_buf_addf(out,
			"                    <privateDnsName>ip-%s.ec2.internal"
			"</privateDnsName>\n",
			instance->private_ip);
	add_text(out, 5, "reason", reason ? reason : "");
	sim_buf_addf(out,
		"                    <keyName>ops</keyName>\n"
		"                    <amiLaunchIndex>0</amiLaunchIndex>\n"
		"                    <productCodes/>\n"
		"                    <instanceType>%s</instanceType>\n"
		"                    <launchTime>%s</launchTime>\n",
		instance->type->name, launched);
	if (reason)
		sim_buf_addf(out,
			"                    <stateReason>\n                        <code>%.*s"
			"</code>\n                        <message>%s</message>\n"
			"                    </stateReason>\n",
			(int)strcspn(reason, ":"), reason, reason);
	if (!gone)
		add_placement(out, instance);
	sim_buf_addf(
		out, "                    <architecture>%s</architecture>\n", instance->type->arch);
	if (!gone)
		add_devices(out, instance);
	add_interfaces(out, instance);
	sim_buf_adds(out, "                    <virtualizationType>hvm</virtualizationType>\n");
	add_tags(out, instance, oversize);
	sim_buf_adds(out,
		"                    <hypervisor>xen</hypervisor>\n"
		"                    <ebsOptimized>false</ebsOptimized>\n"
		"                    <platformDetails>Linux/UNIX</platformDetails>\n"
		"                    <usageOperation>RunInstances</usageOperation>\n"
		"                </item>\n            </instancesSet>\n        </item>\n");
}

/* One more instance than there is, with an id that no instance can have. */
static void add_bad_instance(struct listing *listing, struct sim_buf *out)
{
	char id[SIM_FAULT_LONG_ID + 1];
	struct sim_instance instance;
	const char *arg = listing->effect.arg;
	if (listing->sim->fleet.count == 0)
		return;
	if (strcmp(arg, "long") == 0) {
		memset(id, 'a', SIM_FAULT_LONG_ID);
		memcpy(id, "i-", 2);
		id[SIM_FAULT_LONG_ID] = '\0';
		arg = id;
	}
	sim_fleet_get(&listing->sim->fleet, SIM_AWS, 0, &instance);
	add_instance(out, &instance, arg, false);
}

static int listing_next(void *state, struct sim_buf *out)
{
	struct listing *listing = state;
	if (!listing->opened) {
		sim_ec2_open(out, "DescribeInstances", listing->request_id);
		sim_buf_adds(out, "    <reservationSet>\n");
		if (listing->effect.kind == SIM_FAULT_BADID && !listing->token[0])
			add_bad_instance(listing, out);
		listing->opened = true;
	}
	for (unsigned i = 0; i < PIECE && listing->next < listing->count; i++) {
		struct sim_instance instance;
		bool oversize = listing->effect.kind == SIM_FAULT_OVERSIZE && listing->next == 0;
		sim_fleet_get(&listing->sim->fleet, SIM_AWS, listing->indexes[listing->next++],
			&instance);
		add_instance(out, &instance, instance.id, oversize);
	}
	if (out->failed)
		return -ENOMEM;
	if (listing->next < listing->count)
		return 1;
	sim_buf_adds(out, "    </reservationSet>\n");
	if (listing->token[0])
		add_text(out, 1, "nextToken", listing->token);
	sim_buf_adds(out, "</DescribeInstancesResponse>");
	return out->failed ? -ENOMEM : 0;
}

/* Sends the listing as a stream when it is long, else makes it whole. Takes ownership. */
static void give(struct sim_answer *answer, struct listing *listing)
{
	int r = 1;
	if (listing->count > PAGE_MOST) {
		answer->stream = (struct sim_stream){
			.next = listing_next,
			.destroy = listing_destroy,
			.state = listing,
		};
		return;
	}
	while (r > 0)
		r = listing_next(listing, &answer->body);
	if (r < 0)
		sim_ec2_error(answer, 0, "InternalError", "An internal error has occurred");
	listing_destroy(listing);
}

/* MaxResults, or 0. False after an error answer. */
static bool parse_page(struct sim_ec2_call *call, bool has_ids, unsigned *ret_size)
{
	const char *text = sim_form_get(call->form, "MaxResults");
	if (!text) {
		*ret_size = sim_form_get(call->form, "NextToken") ? PAGE_MOST : 0;
		return true;
	}
	char *end;
	unsigned long size = strtoul(text, &end, 10);
	if (has_ids) {
		sim_ec2_error(call->answer, 0, "InvalidParameterCombination",
			"The parameter instancesSet cannot be used with the parameter "
			"maxResults");
		return false;
	}
	if (!isdigit((unsigned char)*text) || *end || size < PAGE_LEAST || size > PAGE_MOST) {
		sim_ec2_error(call->answer, 0, "InvalidParameterValue",
			"Value ( %.40s ) for parameter maxResults is invalid. Expecting a value "
			"from %d to %d.",
			text, PAGE_LEAST, PAGE_MOST);
		return false;
	}
	*ret_size = (unsigned)size;
	return true;
}

static struct listing *listing_create(struct sim_ec2_call *call)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	if (!listing)
		return NULL;
	listing->sim = call->sim;
	listing->effect = call->effect;
	memcpy(listing->request_id, call->answer->request_id, sizeof(listing->request_id));
	listing->indexes =
		calloc((size_t)call->sim->fleet.count + IDS_MAX, sizeof(*listing->indexes));
	if (!listing->indexes) {
		listing_destroy(listing);
		return NULL;
	}
	return listing;
}

static bool names_instances(const struct sim_form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		if (strncmp(form->params[i].name, "InstanceId.", 11) == 0)
			return true;
	}
	return false;
}

void sim_ec2_instances_describe(struct sim_ec2_call *call)
{
	unsigned page_size = 0, n_filters = 0;
	bool by_id = names_instances(call->form);
	struct filter *filters = calloc(FILTERS_MAX, sizeof(*filters));
	struct listing *listing = listing_create(call);
	if (!filters || !listing) {
		sim_ec2_error(call->answer, 0, "InternalError", "An internal error has occurred");
		goto out;
	}
	if (!parse_filters(call, filters, &n_filters) || !parse_page(call, by_id, &page_size))
		goto out;
	if (call->dry_run) {
		sim_ec2_error(call->answer, 0, "DryRunOperation",
			"Request would have succeeded, but DryRun flag is set.");
		goto out;
	}
	if (!(by_id ? list_ids(call, listing) : list_region(call, listing, page_size)))
		goto out;
	apply_filters(listing, filters, n_filters);
	if (call->effect.kind == SIM_FAULT_EMPTY)
		listing->count = 0;
	give(call->answer, listing);
	listing = NULL;
out:
	listing_destroy(listing);
	free(filters);
}
