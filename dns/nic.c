/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/nic.h"

#include "policy/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* request: one of SIOC...; answer holds it.  False with errno set. */
static bool ask(int fd, const char *name, unsigned long request,
		struct ifreq *answer)
{
	memcpy(answer->ifr_name, name, IF_NAMESIZE);
	return ioctl(fd, request, answer) == 0;
}

/* command begins with its number, and holds what it answers. */
static bool ask_ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = { .ifr_data = command };

	return ask(fd, name, SIOCETHTOOL, &request);
}

static unsigned read_queues(int fd, const char *name)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	unsigned count;

	if (!ask_ethtool(fd, name, &channels))
		return 1;
	count = channels.rx_count + channels.combined_count;
	return count > 0 ? count : 1;
}

static bool read_takes_tags(int fd, const char *name)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	return ask_ethtool(fd, name, &flags) &&
	       (flags.data & ETH_FLAG_RXVLAN) != 0;
}

/* Lines as "eth0.7          | 7  | eth0"; no file, when there are none. */
static bool read_has_vlans(const char *name)
{
	FILE *list = fopen("/proc/net/vlan/config", "re");
	char line[256], below[IF_NAMESIZE];
	bool has = false;

	if (list == NULL)
		return false;
	while (!has && fgets(line, sizeof(line), list) != NULL)
		has = sscanf(line, "%*[^|]|%*[^|]| %15s", below) == 1 &&
		      strcmp(below, name) == 0;
	fclose(list);
	return has;
}

static bool fail(const char *name, struct error *err)
{
	error_set(err, "interface \"%s\": %s", name,
		  errno == ENODEV ? "there is none of this name"
				  : strerror(errno));
	return false;
}

static bool read_all(int fd, struct nic *nic, struct error *err)
{
	struct ifreq answer;

	if (!ask(fd, nic->name, SIOCGIFINDEX, &answer))
		return fail(nic->name, err);
	nic->index = (unsigned)answer.ifr_ifindex;
	if (!ask(fd, nic->name, SIOCGIFMTU, &answer))
		return fail(nic->name, err);
	nic->mtu = (size_t)answer.ifr_mtu;
	if (!ask(fd, nic->name, SIOCGIFHWADDR, &answer))
		return fail(nic->name, err);
	if (answer.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		error_set(err, "interface \"%s\" is not an Ethernet",
			  nic->name);
		return false;
	}
	memcpy(nic->station, answer.ifr_hwaddr.sa_data, NIC_STATION_OCTETS);
	nic->queues = read_queues(fd, nic->name);
	nic->takes_tags = read_takes_tags(fd, nic->name);
	nic->has_vlans = read_has_vlans(nic->name);
	return true;
}

bool nic_read(const char *name, struct nic *out, struct error *err)
{
	struct nic nic = { 0 };
	size_t len = strlen(name);
	int fd;
	bool ok;

	if (len == 0 || len >= sizeof(nic.name)) {
		error_set(err, "interface \"%s\": there is none of this name",
			  name);
		return false;
	}
	memcpy(nic.name, name, len);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(name, err);
	ok = read_all(fd, &nic, err);
	close(fd);
	if (ok)
		*out = nic;
	return ok;
}
