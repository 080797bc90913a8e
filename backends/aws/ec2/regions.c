/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/regions.h"

#include <stdio.h>
#include <string.h>

#include "backends/aws/api/endpoint.h"

void cfs_aws_regions_init(struct cfs_aws_regions *regions, struct cfs_sink *sink)
{
	*regions = (struct cfs_aws_regions){.sink = sink};
}

void cfs_aws_regions_begin(struct cfs_aws_regions *regions, enum cfs_aws_place place)
{
	if (place != CFS_AT_REGION)
		return;
	regions->name[0] = '\0';
	regions->out = false;
}

int cfs_aws_regions_end(struct cfs_aws_regions *regions, enum cfs_aws_place place, const char *text)
{
	if (place == CFS_AT_REGION_NAME && cfs_aws_endpoint_valid_region(text))
		snprintf(regions->name, sizeof(regions->name), "%s", text);
	/* The third value is "not-opted-in". Without the element there is nothing to opt in to. */
	if (place == CFS_AT_REGION_OPT_IN)
		regions->out =
			strcmp(text, "opted-in") != 0 && strcmp(text, "opt-in-not-required") != 0;
	if (place != CFS_AT_REGION || regions->name[0] == '\0' || regions->out)
		return 0;
	regions->n++;
	return regions->sink->region(regions->sink->arg, regions->name);
}

void cfs_aws_regions_judge(const struct cfs_aws_regions *regions, struct cfs_error *ret_error)
{
	if (regions->n == 0)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer lists no regions");
	else
		*ret_error = (struct cfs_error){.fault = CFS_OK};
}
