/*
 * Files that are built into the program: fs/<name> as it stands in the tree (fs/CMakeLists.txt).
 */
#ifndef CFS_ASSETS_H
#define CFS_ASSETS_H

/* Each followed by a NUL. */
extern const char cfs_asset_index_html[];
extern const char cfs_asset_index_css[];
extern const char cfs_asset_index_js[];

#endif
