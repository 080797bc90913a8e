/* SPDX-License-Identifier: MIT */
/*
 * A card of the gallery: what it shows of one instance, with links to the instance's files.
 */
#ifndef CFS_FS_TREE_GALLERY_CARD_H
#define CFS_FS_TREE_GALLERY_CARD_H

#include <stdbool.h>
#include <time.h>

#include "backends/base/buf.h"
#include "fs/catalogue/catalogue.h"
#include "fs/cloud/cloud.h"

/* What a card is headed with, and sorted by: the instance's name, or its id if it has none. */
const char *cfs_gallery_card_name(const struct cfs_entry *entry);
/* Whether the card has a picture: those come first. */
bool cfs_gallery_card_has_picture(const struct cfs_cloud *cloud, const struct cfs_entry *entry);
/* Appends the card of a cloud's instance. The buffer remembers an error. */
void cfs_gallery_card_add(struct cfs_buf *buf, const struct cfs_cloud *cloud,
	const struct cfs_entry *entry, time_t now);

#endif
