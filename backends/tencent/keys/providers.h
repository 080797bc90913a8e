/* SPDX-License-Identifier: MIT */
/*
 * The chain of credential providers of Tencent Cloud: where keys are looked for, in this order.
 *
 * The SDKs do not agree on an order: the default chains for Python, Node and Java are environment,
 * credentials file, CVM role, TKE; that of Go has no TKE; tccli knows environment, its own
 * profiles, and TKE before those. Here what a person has configured goes before what a host has by
 * itself, and so the CVM role is last: a pod with an identity of its own never acts as its node.
 *
 * A half-configured provider fails and ends the search, where the SDKs quietly go on: the keys of
 * another account than the one that was meant must not be used. When the configuration (and not
 * just TCCLI_PROFILE) names a profile, providers without profiles are skipped.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_PROVIDERS_H
#define CFS_BACKENDS_TENCENT_KEYS_PROVIDERS_H

#include "backends/contract/credentials.h"

extern const struct cfs_provider cfs_tencent_provider_environment;
extern const struct cfs_provider cfs_tencent_provider_file;
extern const struct cfs_provider cfs_tencent_provider_tccli;
extern const struct cfs_provider cfs_tencent_provider_tke;
extern const struct cfs_provider cfs_tencent_provider_cvm;

/* All, NULL-terminated. */
extern const struct cfs_provider *const cfs_tencent_providers[];

#endif
