/*
 * index.html at the top: a wall of every console that is known, for a browser.
 *
 * It is a template (index.html, index.css, index.js, built into the program) with a card for each
 * instance. All a card says and links to is in its markup, so it can be read without a script; the
 * script takes the picture of a card when it is first seen, and filters. Rendering costs no API
 * call: a cloud that has not been listed yet is shown with a link to its directory, which lists it.
 */
#ifndef CFS_FS_TREE_GALLERY_H
#define CFS_FS_TREE_GALLERY_H

#include "fs/tree/file.h"
#include "fs/tree/node.h"

/* Bytes of the file: what stat reports before it is opened. A card takes some 800, and with the
 * longest of names and tags ten times as many; cards that do not fit are counted in a notice. */
#define CFS_GALLERY_MAX (32 * 1024 * 1024)

/* The page as it is when it begins to be made, but for instances that are heard of meanwhile: they
 * have the card of what is known of them when its turn comes. -ENOMEM, -EFBIG. */
extern const struct cfs_generator cfs_gallery_generator;
/* All of it at once. */
int cfs_gallery_render(const struct cfs_node *node, struct cfs_buf *buf);

#endif
