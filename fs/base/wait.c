/* SPDX-License-Identifier: MIT */
#include "fs/base/wait.h"

#include <stddef.h>

void cfs_wait_enter(
	struct cfs_wait **list, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	*wait = (struct cfs_wait){.next = *list, .link = list, .fn = fn, .arg = arg};
	if (wait->next)
		wait->next->link = &wait->next;
	*list = wait;
}

void cfs_wait_leave(struct cfs_wait *wait)
{
	if (!wait->link)
		return;
	*wait->link = wait->next;
	if (wait->next)
		wait->next->link = wait->link;
	wait->link = NULL;
}

void cfs_wait_end_all(struct cfs_wait **list, int result)
{
	struct cfs_wait *ending = *list, *wait;

	*list = NULL;
	if (ending)
		ending->link = &ending;
	while ((wait = ending)) {
		cfs_wait_leave(wait);
		wait->fn(wait->arg, result);
	}
}
