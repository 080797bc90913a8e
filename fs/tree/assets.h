/* SPDX-License-Identifier: MIT */
/*
 * The files of fs/tree that are built into the program (fs/CMakeLists.txt).
 */
#ifndef CFS_FS_TREE_ASSETS_H
#define CFS_FS_TREE_ASSETS_H

/* Each followed by a NUL. */
extern const char cfs_asset_gallery_html[];
extern const char cfs_asset_gallery_css[];
extern const char cfs_asset_gallery_js[];

#endif
