/* SPDX-License-Identifier: MIT */
/*
 * index.html at the top: a web page with every console that is known.
 *
 * It is a template (gallery.html, gallery.css, gallery.js, built into the program) with a card for
 * each instance (gallery_card.h). All that a card says and links to is in its markup, so it can be
 * read without a script; the script takes a card's picture when the card is first seen, and
 * filters. Making the page costs no API call: a cloud that has not been listed yet is shown with a
 * link to its directory, which lists it.
 */
#ifndef CFS_FS_TREE_GALLERY_H
#define CFS_FS_TREE_GALLERY_H

#include "fs/node/file.h"

/* Bytes of the file: what stat reports before it is opened. A card takes some 800, and with the
 * longest of names and tags ten times as many; cards that do not fit are counted in a notice. */
#define CFS_GALLERY_MAX (32 * 1024 * 1024)

/* Makes the page of the instances that are known when it begins. Each card is of what is known when
 * its turn comes. -ENOMEM, -EFBIG. */
extern const struct cfs_generator cfs_gallery_generator;
#endif
