/* Viewers of one chat room, as many as one core can play: counts the stamped messages that arrive and how old they are.

   chat_load PORT PATH VIEWERS [UNREAD]     UNREAD more viewers join and never read again

   Prints "ready" once all are in the room. Then each line on stdin is answered: "begin" with "ok" forgets what was
   counted, "count" with "DELIVERED BYTES P50 P99 MAX CLOSED" (microseconds of age; connections the server closed).
   A message is a text frame with "sent@" and sixteen digits in it: microseconds of the clock at which it was sent. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, READ = 262144, BUCKET_US = 100, BUCKETS = 300000, MARK = 5, DIGITS = 16, CARRIED = MARK + DIGITS };

typedef struct {
    int fd;
    char joined, mute, found;     /* found: this frame has been counted */
    uint8_t head[10], opcode;     /* of the frame that is being read */
    int have, carried;
    uint64_t left;
    char carry[CARRIED];          /* the end of what was scanned: a stamp may come in two reads */
} Viewer;

static Viewer *viewers;
static int poll_fd, joined, closed;
static uint64_t delivered, bytes, ages[BUCKETS];
static const uint8_t PONG[] = {0x8A, 0x80, 0, 0, 0, 0};

static uint64_t now_us(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000ULL + time.tv_nsec / 1000;
}

static void stamp(const char *digits, uint64_t now) {
    uint64_t sent = 0;
    for (int i = 0; i < DIGITS; i++) sent = sent * 10 + (digits[i] - '0');
    uint64_t age = now > sent ? (now - sent) / BUCKET_US : 0;
    ages[age < BUCKETS ? age : BUCKETS - 1]++;
    delivered++;
}

static void scan(Viewer *viewer, const uint8_t *data, size_t size, uint64_t now) {
    static char text[READ + CARRIED];
    if (viewer->found) return;
    memcpy(text, viewer->carry, viewer->carried);
    memcpy(text + viewer->carried, data, size);
    size += viewer->carried;
    char *mark = memmem(text, size, "sent@", MARK);
    if (mark && mark + CARRIED <= text + size) {
        stamp(mark + MARK, now);
        viewer->found = 1;
        return;
    }
    viewer->carried = size < CARRIED - 1 ? size : CARRIED - 1;
    memcpy(viewer->carry, text + size - viewer->carried, viewer->carried);
}

/* One more byte of a frame's header; whether it is complete. */
static int take_head(Viewer *viewer, uint8_t byte) {
    viewer->head[viewer->have++] = byte;
    int length = viewer->head[1] & 127, whole = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (viewer->have < 2 || viewer->have < whole) return 0;
    viewer->opcode = viewer->head[0] & 15, viewer->left = whole == 2 ? length : 0;
    for (int i = 2; i < whole; i++) viewer->left = viewer->left << 8 | viewer->head[i];
    viewer->have = viewer->found = viewer->carried = 0;
    if (viewer->opcode == 9) send(viewer->fd, PONG, sizeof PONG, MSG_NOSIGNAL | MSG_DONTWAIT);
    return 1;
}

static void take(Viewer *viewer, const uint8_t *data, size_t size, uint64_t now) {
    bytes += size;
    while (size) {
        if (!viewer->left) {
            take_head(viewer, *data++);
            size--;
            continue;
        }
        size_t part = viewer->left < size ? viewer->left : size;
        if (viewer->opcode == 1) scan(viewer, data, part, now);
        viewer->left -= part, data += part, size -= part;
    }
}

static void lose(Viewer *viewer) {
    closed++;
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, viewer->fd, NULL);
    close(viewer->fd);
}

static void stop_reading(Viewer *viewer) {
    struct epoll_event wish = {.events = EPOLLRDHUP, .data.ptr = viewer};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, viewer->fd, &wish);
}

static void read_from(Viewer *viewer) {
    static uint8_t data[READ];
    ssize_t size = viewer->mute && viewer->joined ? 0 : recv(viewer->fd, data, READ, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        lose(viewer);
        return;
    }
    uint8_t *body = data;
    if (!viewer->joined) {
        body = memmem(data, size, "\r\n\r\n", 4);
        if (!body || !memmem(data, size, " 101 ", 5)) {
            fprintf(stderr, "refused: %.*s\n", (int)size, data);
            exit(1);
        }
        body += 4, viewer->joined = 1, joined++;
        if (viewer->mute) stop_reading(viewer);
    }
    take(viewer, body, data + size - body, now_us());
}

static void join(Viewer *viewer, int port, const char *path) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char request[1024];
    int on = 1, small = 4096, length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
    viewer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (viewer->mute) setsockopt(viewer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(viewer->fd, (struct sockaddr *)&there, sizeof there)) perror("connect"), exit(1);
    setsockopt(viewer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send(viewer->fd, request, length, MSG_NOSIGNAL);
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = viewer};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, viewer->fd, &wish);
}

static double percentile(double share) {
    uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        if ((seen += ages[i]) >= delivered * share && seen) return (i + 0.5) * BUCKET_US;
    return -1;
}

static int command(void) {
    char line[64];
    ssize_t size = read(0, line, sizeof line - 1);
    if (size <= 0) return 0;
    if (line[0] == 'b') {
        delivered = bytes = 0;
        memset(ages, 0, sizeof ages);
        puts("ok");
    } else {
        printf("%lu %lu %.0f %.0f %.0f %d\n", delivered, bytes, percentile(0.5), percentile(0.99), percentile(1), closed);
    }
    fflush(stdout);
    return 1;
}

static int turn(int wait_ms) {
    struct epoll_event events[1024];
    int ready = epoll_wait(poll_fd, events, 1024, wait_ms);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr) read_from(events[i].data.ptr);
        else if (!command()) return 0;
    }
    return 1;
}

int main(int arguments, char **words) {
    if (arguments < 4) return 2;
    int port = atoi(words[1]), reading = atoi(words[3]), all = reading + (arguments > 4 ? atoi(words[4]) : 0);
    viewers = calloc(all, sizeof *viewers);
    poll_fd = epoll_create1(0);
    for (int i = 0; i < all; i++) {
        viewers[i].mute = i >= reading;
        join(&viewers[i], port, words[2]);
        while (i + 1 - joined >= AT_ONCE) turn(1000);
    }
    while (joined < all) turn(1000);
    struct epoll_event stdin_wish = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &stdin_wish);
    puts("ready");
    fflush(stdout);
    while (turn(-1)) {}
    return 0;
}
