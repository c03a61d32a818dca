/*
 * A bad link between two network namespaces, for whatever runs over IP.
 *
 *   relay NAMESPACE NAMESPACE DELAY_US JITTER_US LOSS_PERCENT RATE_KBITS QUEUE_PACKETS SEED
 *
 * Opens a TUN device named "bench0" in each namespace and carries packets between them: each is lost with the given chance, waits for
 * the rate behind at most so many others (else it is dropped), and takes the delay, and up to the jitter more. The rate is of IP packets; 0 is
 * without limit. Says "ready" when both devices are there, and on SIGTERM what it did in each direction.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES 2048
#define CAPACITY 65536

struct packet {
  uint64_t due_ns;
  uint64_t order;
  uint32_t length;
  unsigned char bytes[PACKET_BYTES];
};

struct direction {
  int from, to;
  struct packet *slab;
  uint32_t *heap; /* indexes of packets under way, the next one due first */
  uint32_t *unused;
  uint32_t under_way, unused_count;
  uint64_t *leaves_ns; /* a ring: when each packet that waits for the rate has left the queue */
  uint32_t ring_start, ring_count;
  uint64_t busy_until_ns;
  uint64_t random;
  uint64_t packets, bytes, lost, dropped;
};

static uint64_t delay_ns, jitter_ns, rate_bits;
static double loss;
static uint32_t queue_packets;
static uint64_t order;
static volatile sig_atomic_t is_over;

static void on_signal(int signal) {
  (void)signal;
  is_over = 1;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* xorshift64*, from 0 to 1 */
static double chance(struct direction *direction) {
  uint64_t x = direction->random;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  direction->random = x;
  return (double)((x * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

static int is_before(struct direction *d, uint32_t a, uint32_t b) {
  const struct packet *p = &d->slab[a], *q = &d->slab[b];
  return p->due_ns != q->due_ns ? p->due_ns < q->due_ns : p->order < q->order;
}

static void push(struct direction *d, uint32_t index) {
  uint32_t at = d->under_way++;
  while (at > 0 && is_before(d, index, d->heap[(at - 1) / 2])) {
    d->heap[at] = d->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  d->heap[at] = index;
}

static uint32_t pop(struct direction *d) {
  uint32_t first = d->heap[0], last = d->heap[--d->under_way], at = 0;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= d->under_way) break;
    if (child + 1 < d->under_way && is_before(d, d->heap[child + 1], d->heap[child])) child += 1;
    if (!is_before(d, d->heap[child], last)) break;
    d->heap[at] = d->heap[child];
    at = child;
  }
  d->heap[at] = last;
  return first;
}

/* When the packet leaves the bottleneck; 0 when its queue is full. */
static uint64_t leave_ns(struct direction *d, uint64_t now, uint32_t length) {
  if (rate_bits == 0) return now;
  while (d->ring_count > 0 && d->leaves_ns[d->ring_start] <= now) {
    d->ring_start = (d->ring_start + 1) % queue_packets;
    d->ring_count -= 1;
  }
  if (d->ring_count == queue_packets) return 0;
  uint64_t start = d->busy_until_ns > now ? d->busy_until_ns : now;
  d->busy_until_ns = start + (uint64_t)length * 8u * 1000000000u / rate_bits;
  d->leaves_ns[(d->ring_start + d->ring_count++) % queue_packets] = d->busy_until_ns;
  return d->busy_until_ns;
}

static void take(struct direction *d) {
  while (d->unused_count > 0) {
    uint32_t index = d->unused[d->unused_count - 1];
    struct packet *packet = &d->slab[index];
    ssize_t length = read(d->from, packet->bytes, PACKET_BYTES);
    if (length <= 0) return;
    /* IPv6 talks to itself on a new device; nobody measured here does. */
    if ((packet->bytes[0] >> 4) != 4) continue;
    d->packets += 1;
    d->bytes += (uint64_t)length;
    if (chance(d) * 100 < loss) {
      d->lost += 1;
      continue;
    }
    uint64_t leaves = leave_ns(d, now_ns(), (uint32_t)length);
    if (leaves == 0) {
      d->dropped += 1;
      continue;
    }
    packet->due_ns = leaves + delay_ns + (jitter_ns == 0 ? 0 : (uint64_t)(chance(d) * (double)jitter_ns));
    packet->order = order++;
    packet->length = (uint32_t)length;
    d->unused_count -= 1;
    push(d, index);
  }
}

static void deliver(struct direction *d, uint64_t now) {
  while (d->under_way > 0 && d->slab[d->heap[0]].due_ns <= now) {
    uint32_t index = pop(d);
    /* A device that takes no more drops the packet, as a wire would. */
    if (write(d->to, d->slab[index].bytes, d->slab[index].length) < 0) d->dropped += 1;
    d->unused[d->unused_count++] = index;
  }
}

static int open_device(const char *namespace) {
  char path[128];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
  close(space);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "bench0"};
  if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0) fail("/dev/net/tun");
  return device;
}

static void prepare(struct direction *d, int from, int to, uint64_t seed) {
  memset(d, 0, sizeof *d);
  d->from = from;
  d->to = to;
  d->random = seed;
  d->slab = malloc(CAPACITY * sizeof *d->slab);
  d->heap = malloc(CAPACITY * sizeof *d->heap);
  d->unused = malloc(CAPACITY * sizeof *d->unused);
  d->leaves_ns = malloc(queue_packets * sizeof *d->leaves_ns);
  if (d->slab == NULL || d->heap == NULL || d->unused == NULL || d->leaves_ns == NULL) fail("malloc");
  for (uint32_t i = 0; i < CAPACITY; i++) d->unused[d->unused_count++] = CAPACITY - 1 - i;
}

static void say(const struct direction *d) {
  printf("%llu %llu %llu %llu\n", (unsigned long long)d->packets, (unsigned long long)d->bytes,
         (unsigned long long)d->lost, (unsigned long long)d->dropped);
}

int main(int argc, char **argv) {
  if (argc != 9) return 2;
  delay_ns = strtoull(argv[3], NULL, 10) * 1000u;
  jitter_ns = strtoull(argv[4], NULL, 10) * 1000u;
  loss = strtod(argv[5], NULL);
  rate_bits = strtoull(argv[6], NULL, 10) * 1000u;
  queue_packets = (uint32_t)strtoul(argv[7], NULL, 10);
  uint64_t seed = strtoull(argv[8], NULL, 10) * 2654435761u + 88172645463325252u;
  int a = open_device(argv[1]), b = open_device(argv[2]);
  struct direction there, back;
  prepare(&there, a, b, seed);
  prepare(&back, b, a, seed ^ 0x9e3779b97f4a7c15u);
  /* A relay whose starter is gone would keep its namespaces for ever. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  printf("ready\n");
  fflush(stdout);
  while (!is_over) {
    uint64_t next = UINT64_MAX, now = now_ns();
    if (there.under_way > 0) next = there.slab[there.heap[0]].due_ns;
    if (back.under_way > 0 && back.slab[back.heap[0]].due_ns < next) next = back.slab[back.heap[0]].due_ns;
    uint64_t wait = next == UINT64_MAX ? 100000000u : next > now ? next - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
    struct pollfd files[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    ppoll(files, 2, &timeout, NULL);
    take(&there);
    take(&back);
    now = now_ns();
    deliver(&there, now);
    deliver(&back, now);
  }
  say(&there);
  say(&back);
  return 0;
}
