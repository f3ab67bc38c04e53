/* The least a chat server can do, as the physical limit of a machine: whatever one connection says goes to all the
   others, one send(2) each. No Redis, no order, no history, no rules, no bounds; what a full socket does not take is lost.

   chat_reference PORT */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MOST = 65536, READ = 65536 };
static const char WELCOME[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                              "\x81\x10{\"type\":\"hello\"}";
static int viewers[MOST], place[MOST], count; /* place: of each descriptor, 1-based, 0 before its handshake */

static void broadcast(const uint8_t *payload, size_t size) {
    static uint8_t frame[READ + 4];
    size_t head = size < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = size < 126 ? size : 126;
    if (head == 4) frame[2] = size >> 8, frame[3] = size & 255;
    memcpy(frame + head, payload, size);
    for (int i = 0; i < count; i++) send(viewers[i], frame, head + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Masked frames (RFC 6455 §5.2) that came whole; a writer of a benchmark sends no others. */
static void take(uint8_t *data, size_t size) {
    while (size >= 6) {
        size_t head = (data[1] & 127) == 126 ? 8 : 6, length = data[1] & 127;
        if (length == 126) length = data[2] << 8 | data[3];
        if (size < head + length) return;
        for (size_t i = 0; i < length; i++) data[head + i] ^= data[head - 4 + i % 4];
        if ((data[0] & 15) == 1) broadcast(data + head, length);
        data += head + length, size -= head + length;
    }
}

static void serve(int fd) {
    static uint8_t data[READ];
    ssize_t size = recv(fd, data, READ, MSG_DONTWAIT);
    if (size <= 0) {
        if (place[fd]) viewers[place[fd] - 1] = viewers[--count], place[viewers[count]] = place[fd], place[fd] = 0;
        close(fd);
    } else if (place[fd]) {
        take(data, size);
    } else if (memmem(data, size, "\r\n\r\n", 4)) {
        send(fd, WELCOME, sizeof WELCOME - 1, MSG_NOSIGNAL);
        viewers[count++] = fd, place[fd] = count;
    }
}

int main(int arguments, char **words) {
    int on = 1, door = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(arguments > 1 ? atoi(words[1]) : 0)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(door, (struct sockaddr *)&here, sizeof here) || listen(door, 4096)) return 1;
    struct epoll_event events[512], wish = {.events = EPOLLIN, .data.fd = door};
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &wish);
    for (;;) {
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != door) {
                serve(events[i].data.fd);
                continue;
            }
            int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0 || fd >= MOST) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            wish.data.fd = fd;
            epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wish);
        }
    }
}
