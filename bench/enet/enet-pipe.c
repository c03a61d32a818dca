/*
 * ENet on a pipe, so that a program in another language can be one of its peers.
 *
 *   enet-pipe listen HOST PORT     prints the port as a 32-bit number first
 *   enet-pipe connect HOST PORT
 *
 * On standard input and output: records of a 32-bit peer, a 32-bit length (both little-endian on every machine this runs on), and
 * as many bytes of message. Two lengths are no lengths: 0xffffffff, the peer is connected; 0xfffffffe, it is gone.
 */
#include <enet/enet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTED 0xffffffffu
#define GONE 0xfffffffeu
#define MAX_PEERS 4000
#define MAX_IN_FLIGHT_BYTES (1024 * 1024)
#define INPUT_BYTES (512 * 1024)
#define PATIENCE_MS 60000

static size_t in_flight_bytes;
static unsigned char input[INPUT_BYTES];
static size_t input_end;

static void on_sent(ENetPacket *packet) { in_flight_bytes -= packet->dataLength; }

static void say(const void *bytes, size_t length) {
  if (fwrite(bytes, 1, length, stdout) != length) exit(0);
}

static void say_record(ENetHost *host, ENetPeer *peer, uint32_t length, const void *bytes) {
  uint32_t header[2] = {(uint32_t)(peer - host->peers), length};
  say(header, sizeof header);
  if (bytes != NULL) say(bytes, length);
}

static void handle(ENetHost *host, ENetEvent *event) {
  switch (event->type) {
  case ENET_EVENT_TYPE_CONNECT:
    enet_peer_timeout(event->peer, 32, PATIENCE_MS, PATIENCE_MS);
    say_record(host, event->peer, CONNECTED, NULL);
    break;
  case ENET_EVENT_TYPE_DISCONNECT:
    say_record(host, event->peer, GONE, NULL);
    break;
  case ENET_EVENT_TYPE_RECEIVE:
    say_record(host, event->peer, (uint32_t)event->packet->dataLength, event->packet->data);
    enet_packet_destroy(event->packet);
    break;
  default:
    break;
  }
}

static void send_records(ENetHost *host) {
  size_t at = 0;
  while (input_end - at >= 8) {
    uint32_t header[2];
    memcpy(header, input + at, sizeof header);
    if (input_end - at < 8 + (size_t)header[1]) break;
    ENetPacket *packet = enet_packet_create(input + at + 8, header[1], ENET_PACKET_FLAG_RELIABLE);
    packet->freeCallback = on_sent;
    in_flight_bytes += packet->dataLength;
    if (header[0] >= host->peerCount || enet_peer_send(&host->peers[header[0]], 0, packet) != 0) enet_packet_destroy(packet);
    at += 8 + header[1];
  }
  memmove(input, input + at, input_end - at);
  input_end -= at;
}

/* Waits for the program or the network, a millisecond at most: ENet's timers have no other clock. */
static void run(ENetHost *host) {
  for (;;) {
    int is_taking = in_flight_bytes < MAX_IN_FLIGHT_BYTES && input_end < INPUT_BYTES;
    struct pollfd files[2] = {{.fd = host->socket, .events = POLLIN}, {.fd = is_taking ? 0 : -1, .events = POLLIN}};
    poll(files, 2, 1);
    if (files[1].revents != 0) {
      ssize_t length = read(0, input + input_end, INPUT_BYTES - input_end);
      if (length <= 0) exit(0);
      input_end += (size_t)length;
      send_records(host);
    }
    ENetEvent event;
    while (enet_host_service(host, &event, 0) > 0) handle(host, &event);
    enet_host_flush(host);
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  if (argc != 4 || enet_initialize() != 0) return 2;
  static char output[1 << 20];
  setvbuf(stdout, output, _IOFBF, sizeof output);
  int is_server = strcmp(argv[1], "listen") == 0;
  ENetAddress address = {.port = (enet_uint16)atoi(argv[3])};
  enet_address_set_host_ip(&address, argv[2]);
  ENetHost *host = enet_host_create(is_server ? &address : NULL, is_server ? MAX_PEERS : 1, 1, 0, 0);
  if (host == NULL) return 3;
  enet_socket_set_option(host->socket, ENET_SOCKOPT_RCVBUF, 4 * 1024 * 1024);
  if (is_server) {
    ENetAddress bound;
    enet_socket_get_address(host->socket, &bound);
    uint32_t port = bound.port;
    say(&port, sizeof port);
    fflush(stdout);
  } else if (enet_host_connect(host, &address, 1, 0) == NULL) {
    return 4;
  }
  run(host);
}
