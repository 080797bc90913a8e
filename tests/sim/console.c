/* SPDX-License-Identifier: MIT */
#include "console.h"

#include "clock.h"
#include "crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RESET "\033[0m"
#define BOLD "\033[1;39m"
#define GREEN "\033[0;32m"
#define BOLD_RED "\033[1;31m"
#define YELLOW "\033[0;33m"
#define BLUE "\033[1;34m"
#define CLEAR "\033[H\033[J"

/* How a machine ends up: most boot, and some are why consoles are looked at. */
enum scene { SCENE_LOGIN, SCENE_PANIC, SCENE_FSCK, SCENE_INITRAMFS, SCENE_OOM };

struct writer {
	struct sim_buf *out;
	const struct sim_instance *instance;
	uint64_t random;
	unsigned long us; /* since power-on */
};

static enum scene scene_of(const struct sim_instance *instance)
{
	static const enum scene scenes[] = {SCENE_LOGIN, SCENE_LOGIN, SCENE_PANIC, SCENE_LOGIN,
		SCENE_FSCK, SCENE_LOGIN, SCENE_INITRAMFS, SCENE_OOM};
	return scenes[instance->index % (sizeof(scenes) / sizeof(scenes[0]))];
}

__attribute__((format(printf, 2, 3))) static void kernel(
	struct writer *writer, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sim_buf_addf(writer->out, "[%5lu.%06lu] %s\r\n", writer->us / 1000000, writer->us % 1000000,
		text);
	writer->random = sim_crypto_mix(writer->random);
	writer->us += writer->random % 48000;
}

static void unit(struct writer *writer, bool fine, const char *verb, const char *what)
{
	sim_buf_addf(writer->out, "[%s" RESET "] %s " BOLD "%s" RESET ".\r\n",
		fine ? GREEN "  OK  " : BOLD_RED "FAILED", verb, what);
	writer->us += 21000;
}

static void write_kernel(struct writer *writer)
{
	const struct sim_instance *instance = writer->instance;
	const struct sim_type *type = instance->type;
	bool arm = strcmp(type->arch, "arm64") == 0;
	bool ec2 = instance->cloud == SIM_AWS;
	const char *vendor = ec2 ? "Amazon EC2" : "Tencent Cloud CVM";
	const char *flavour = arm ? "cloud-arm64" : "cloud-amd64";
	unsigned long root = (unsigned long)(instance->random >> 32);
	unsigned long memory_kb = (unsigned long)type->memory_gb * 1024 * 1024;
	writer->us = 0;
	kernel(writer,
		"Linux version 6.1.0-28-%s (debian-kernel@lists.debian.org) (gcc-12 12.2.0) "
		"#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1",
		flavour);
	kernel(writer,
		"Command line: BOOT_IMAGE=/boot/vmlinuz-6.1.0-28-%s root=PARTUUID=%08lx-01 ro "
		"console=tty0 console=ttyS0,115200",
		flavour, root);
	kernel(writer, "BIOS-provided physical RAM map:");
	kernel(writer, "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable");
	kernel(writer, "BIOS-e820: [mem 0x0000000000100000-0x%016lx] usable", memory_kb * 1024 - 1);
	kernel(writer, "DMI: %s %s/, BIOS 1.0 10/16/2017", vendor, type->name);
	kernel(writer, "Hypervisor detected: %s",
		type->metal           ? "none"
			: type->nitro ? "KVM"
				      : "Xen HVM");
	kernel(writer, "tsc: Detected 2499.998 MHz processor");
	kernel(writer, "Memory: %luK/%luK available (14342K kernel code, 2332K rwdata)",
		memory_kb - 91828, memory_kb);
	kernel(writer, "smp: Bringing up secondary CPUs ...");
	kernel(writer, "smp: Brought up 1 node, %u CPUs", type->cpus);
	kernel(writer, "NET: Registered PF_INET6 protocol family");
	kernel(writer, "ACPI: PCI Root Bridge [PCI0] (domain 0000 [bus 00-ff])");
	kernel(writer, "Trying to unpack rootfs image as initramfs...");
	if (type->nitro && ec2) {
		kernel(writer, "nvme nvme0: pci function 0000:00:04.0");
		kernel(writer, "ena 0000:00:05.0: Elastic Network Adapter (ENA) v2.8.9g");
	} else if (ec2) {
		kernel(writer, "xen_netfront: Initialising Xen virtual ethernet driver");
		kernel(writer,
			"blkfront: xvda: flush diskcache: enabled; indirect descriptors: enabled");
	} else {
		kernel(writer,
			"virtio_blk virtio1: [vda] 104857600 512-byte logical blocks (50.0 GiB)");
		kernel(writer, "virtio_net virtio0 eth0: renamed from enp0s5");
	}
}

static const char *root_device(const struct sim_instance *instance)
{
	if (instance->cloud == SIM_TENCENT)
		return "vda1";
	return instance->type->nitro ? "nvme0n1p1" : "xvda1";
}

static void write_units(struct writer *writer)
{
	kernel(writer, "EXT4-fs (%s): mounted filesystem with ordered data mode. Quota mode: none.",
		root_device(writer->instance));
	kernel(writer, "systemd[1]: systemd 252.31-1~deb12u1 running in system mode (+PAM +AUDIT)");
	/* Host names come from users, and not always in UTF-8. */
	kernel(writer, "systemd[1]: Hostname set to <caf\xe9-%u>.", writer->instance->index);
	unit(writer, true, "Created slice", "system-getty.slice - Slice /system/getty");
	unit(writer, true, "Listening on", "systemd-journald.socket - Journal Socket");
	unit(writer, true, "Mounted", "dev-hugepages.mount - Huge Pages File System");
	unit(writer, true, "Finished", "systemd-sysctl.service - Apply Kernel Variables");
	unit(writer, true, "Started", "systemd-journald.service - Journal Service");
	unit(writer, true, "Started", "systemd-udevd.service - Rule-based Manager for Devices");
}

static void write_login(struct writer *writer)
{
	const struct sim_instance *instance = writer->instance;
	write_units(writer);
	unit(writer, true, "Reached target", "local-fs.target - Local File Systems");
	unit(writer, true, "Finished", "cloud-init-local.service - Initial cloud-init job");
	unit(writer, true, "Started", "systemd-networkd.service - Network Configuration");
	unit(writer, true, "Reached target", "network-online.target - Network is Online");
	/* Most gettys clear the screen, so most screens are nearly empty. */
	if (instance->index % 8 != 0)
		sim_buf_adds(writer->out, CLEAR);
	unit(writer, true, "Started", "cron.service - Regular background program processing");
	if (instance->index % 3 == 1)
		unit(writer, false, "Failed to start",
			"nginx.service - A high performance web server");
	else
		unit(writer, true, "Started", "nginx.service - A high performance web server");
	unit(writer, true, "Started", "ssh.service - OpenBSD Secure Shell server");
	unit(writer, true, "Started", "getty@tty1.service - Getty on tty1");
	unit(writer, true, "Reached target", "multi-user.target - Multi-User System");
	sim_buf_addf(writer->out,
		"\r\nDebian GNU/Linux 12 " BOLD "%s" RESET " tty1\r\n\r\n"
		"Instance " YELLOW "%s" RESET " (%s) in " YELLOW "%s" RESET ", address " BLUE
		"%s" RESET "\r\n\r\n",
		instance->id, instance->id, instance->type->name, instance->zone,
		instance->private_ip);
}

static void write_panic(struct writer *writer)
{
	const struct sim_instance *instance = writer->instance;
	kernel(writer,
		"VFS: Cannot open root device \"PARTUUID=%08lx-01\" or unknown-block(0,0): "
		"error -6",
		(unsigned long)(instance->random >> 32));
	kernel(writer,
		"Please append a correct \"root=\" boot option; here are the available "
		"partitions:");
	kernel(writer, "fe00       52428800 %.3s", root_device(instance));
	kernel(writer,
		BOLD_RED "Kernel panic - not syncing: VFS: Unable to mount root fs on "
			 "unknown-block(0,0)" RESET);
	kernel(writer, "CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0-28-cloud-amd64 #1");
	kernel(writer, "Hardware name: %s, BIOS 1.0 10/16/2017", instance->type->name);
	kernel(writer, "Call Trace:");
	kernel(writer, " <TASK>");
	kernel(writer, " dump_stack_lvl+0x44/0x5c");
	kernel(writer, " panic+0x118/0x2ed");
	kernel(writer, " mount_block_root+0x1d9/0x1e6");
	kernel(writer, " prepare_namespace+0x136/0x165");
	kernel(writer, " kernel_init_freeable+0x25c/0x286");
	kernel(writer, " ? rest_init+0xd0/0xd0");
	kernel(writer, " kernel_init+0x16/0x130");
	kernel(writer, " ret_from_fork+0x22/0x30");
	kernel(writer, " </TASK>");
	kernel(writer, "Kernel Offset: 0x1c000000 from 0xffffffff81000000");
	kernel(writer,
		BOLD_RED "---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on "
			 "unknown-block(0,0) ]---" RESET);
}

static void write_fsck(struct writer *writer)
{
	const char *device = root_device(writer->instance);
	write_units(writer);
	sim_buf_addf(writer->out,
		"/dev/%s contains a file system with errors, check forced.\r\n"
		"/dev/%s: Inodes that were part of a corrupted orphan linked list found.\r\n"
		"\r\n" BOLD_RED "/dev/%s: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY." RESET
		"\r\n        (i.e., without -a or -p options)\r\n",
		device, device, device);
	unit(writer, false, "Failed to start", "systemd-fsck-root.service - File System Check");
	sim_buf_adds(writer->out,
		"You are in " BOLD "emergency mode" RESET
		". After logging in, type \"journalctl -xb\" "
		"to view\r\nsystem logs, \"systemctl reboot\" to reboot, or \"exit\" to boot into "
		"default mode.\r\n\r\nGive root password for maintenance\r\n"
		"(or press Control-D to continue): ");
}

static void write_initramfs(struct writer *writer)
{
	unsigned long root = (unsigned long)(writer->instance->random >> 32);
	sim_buf_addf(writer->out,
		"Begin: Loading essential drivers ... done.\r\n"
		"Begin: Running /scripts/init-premount ... done.\r\n"
		"Begin: Mounting root file system ... Begin: Running /scripts/local-top ... "
		"done.\r\n"
		"Begin: Waiting for root file system ... Begin: Running /scripts/local-block ... "
		"done.\r\ndone.\r\n"
		"Gave up waiting for root file system device.  Common problems:\r\n"
		" - Boot args (cat /proc/cmdline)\r\n"
		"   - Check rootdelay= (did the system wait long enough?)\r\n"
		" - Missing modules (cat /proc/modules; ls /dev)\r\n" YELLOW
		"ALERT!  PARTUUID=%08lx-01 does not exist.  Dropping to a shell!" RESET
		"\r\n\r\n\r\nBusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)\r\n"
		"Enter 'help' for a list of built-in commands.\r\n\r\n(initramfs) ",
		root);
}

static void write_oom(struct writer *writer)
{
	write_login(writer);
	writer->us += 86400000000ul / 24;
	kernel(writer, "java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE), order=0");
	kernel(writer, "Tasks state (memory values in pages):");
	kernel(writer, "[  pid  ]   uid  tgid total_vm      rss name");
	kernel(writer, "[    612]     0   612     3872      971 sshd");
	kernel(writer, "[   1204]   997  1204  1874402   968120 java");
	kernel(writer,
		BOLD_RED "Out of memory: Killed process 1204 (java) total-vm:7497608kB, "
			 "anon-rss:3872480kB" RESET);
}

void sim_console_write(struct sim_buf *out, const struct sim_instance *instance, bool live,
	int64_t shown_ms, uint32_t count)
{
	struct writer writer = {.out = out, .instance = instance, .random = instance->random};
	write_kernel(&writer);
	switch (scene_of(instance)) {
	case SCENE_LOGIN:
		write_login(&writer);
		if (instance->state == SIM_RUNNING)
			sim_buf_addf(out, "%s login: ", instance->id);
		break;
	case SCENE_PANIC:
		write_panic(&writer);
		break;
	case SCENE_FSCK:
		write_fsck(&writer);
		break;
	case SCENE_INITRAMFS:
		write_initramfs(&writer);
		break;
	case SCENE_OOM:
		write_oom(&writer);
		break;
	}
	if (live) {
		char time[SIM_TIME_TEXT];
		sim_clock_format(shown_ms, 1, time);
		sim_buf_addf(out, "\r\n%s %s heartbeat[%u]: alive, report %u\r\n", time,
			instance->id, instance->index + 100, count);
	}
}
