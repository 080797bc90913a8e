/* SPDX-License-Identifier: MIT */
#include "fs/node/quota.h"

#include <errno.h>
#include <stdlib.h>

struct user {
	struct cfs_link link;
	uid_t uid;
	uint64_t bytes;
	unsigned waiting;
};

int cfs_quota_init(struct cfs_quota *quota, uid_t daemon, uid_t files)
{
	*quota = (struct cfs_quota){
		.owners = {daemon, files},
		.bytes_max = CFS_QUOTA_BYTES,
		.waiting_max = CFS_QUOTA_WAITING,
	};
	return cfs_table_init(&quota->users);
}

void cfs_quota_finish(struct cfs_quota *quota)
{
	struct cfs_link *link;
	size_t at = 0;

	while (quota->users.count > 0 && (link = cfs_table_take(&quota->users, &at)))
		free(CFS_LINKED(link, struct user, link));
	cfs_table_finish(&quota->users);
}

bool cfs_quota_has_share(const struct cfs_quota *quota, uid_t uid)
{
	return uid != 0 && uid != quota->owners[0] && uid != quota->owners[1];
}

static struct user *find(const struct cfs_quota *quota, uid_t uid)
{
	struct cfs_link *link = cfs_table_first(&quota->users, uid);

	return link ? CFS_LINKED(link, struct user, link) : NULL;
}

static struct user *find_or_add(struct cfs_quota *quota, uid_t uid)
{
	struct user *user = find(quota, uid);

	if (user)
		return user;
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	user->uid = uid;
	/* The number is the hash, so no two users have the same. */
	cfs_table_add(&quota->users, &user->link, uid);
	return user;
}

static void drop_if_idle(struct cfs_quota *quota, struct user *user)
{
	if (user->bytes > 0 || user->waiting > 0)
		return;
	cfs_table_remove(&quota->users, &user->link);
	free(user);
}

int cfs_quota_take(struct cfs_quota *quota, uid_t uid, uint64_t bytes)
{
	struct user *user;

	if (bytes > quota->bytes_max - quota->bytes)
		return -ENOMEM;
	if (bytes > 0 && cfs_quota_has_share(quota, uid)) {
		user = find_or_add(quota, uid);
		if (!user)
			return -ENOMEM;
		if (bytes > quota->bytes_max / CFS_QUOTA_SHARES - user->bytes) {
			drop_if_idle(quota, user);
			return -ENOMEM;
		}
		user->bytes += bytes;
	}
	quota->bytes += bytes;
	return 0;
}

void cfs_quota_give(struct cfs_quota *quota, uid_t uid, uint64_t bytes)
{
	struct user *user = cfs_quota_has_share(quota, uid) ? find(quota, uid) : NULL;

	quota->bytes -= bytes;
	if (!user)
		return;
	user->bytes -= bytes;
	drop_if_idle(quota, user);
}

int cfs_quota_may_wait(const struct cfs_quota *quota, uid_t uid)
{
	const struct user *user = cfs_quota_has_share(quota, uid) ? find(quota, uid) : NULL;

	return quota->waiting >= quota->waiting_max ||
			(user && user->waiting >= quota->waiting_max / CFS_QUOTA_SHARES)
		? -EBUSY
		: 0;
}

int cfs_quota_wait(struct cfs_quota *quota, uid_t uid)
{
	struct user *user;
	int r;

	r = cfs_quota_may_wait(quota, uid);
	if (r < 0)
		return r;
	if (cfs_quota_has_share(quota, uid)) {
		user = find_or_add(quota, uid);
		if (!user)
			return -ENOMEM;
		user->waiting++;
	}
	quota->waiting++;
	return 0;
}

void cfs_quota_waited(struct cfs_quota *quota, uid_t uid)
{
	struct user *user = cfs_quota_has_share(quota, uid) ? find(quota, uid) : NULL;

	quota->waiting--;
	if (!user)
		return;
	user->waiting--;
	drop_if_idle(quota, user);
}
