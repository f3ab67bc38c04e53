/* Viewers that do nothing but blocking reloads (RFC 8216bis §6.2.5.2), as many as one core can play.

   held_readers PORT CONNECTIONS PATH…     the paths of media playlists, in turn

   Prints "ready" once all are connected. "begin" on stdin makes everyone ask; the end of stdin prints a line for each
   playlist that was waited for, "PATH MSN PART SECONDS" (which path, which part, when it was there whole on the monotonic
   clock), and last "refused N". Playlists are asked for uncompressed: what to ask next is read from PRELOAD-HINT. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BYTES = 16384, DELIVERIES = 4000000 };

typedef struct {
    int fd, path, have;
    long msn, part;
    char answer[MOST_BYTES + 1];
} Reader;

typedef struct {
    int path;
    long msn, part;
    double at;
} Delivery;

static Delivery *deliveries;
static int delivered, refused, port, poll_fd;
static char **paths;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void ask(Reader *reader) {
    char request[1024], query[64] = "";
    if (reader->msn >= 0) snprintf(query, sizeof query, "?_HLS_msn=%ld&_HLS_part=%ld", reader->msn, reader->part);
    int size = snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n\r\n",
                        paths[reader->path], query, port);
    send(reader->fd, request, size, MSG_NOSIGNAL);
}

/* A whole answer: note it, and what to ask next. */
static void take(Reader *reader, double at) {
    char *hint = strstr(reader->answer, "PRELOAD-HINT:TYPE=PART,URI=\"");
    if (strncmp(reader->answer, "HTTP/1.1 200", 12) || !hint) {
        refused++;
        reader->msn = -1;
        return;
    }
    if (reader->msn >= 0 && delivered < DELIVERIES)
        deliveries[delivered++] = (Delivery){reader->path, reader->msn, reader->part, at};
    sscanf(hint, "PRELOAD-HINT:TYPE=PART,URI=\"%*d-%ld.%ld", &reader->msn, &reader->part);
}

static void read_from(Reader *reader) {
    ssize_t size = recv(reader->fd, reader->answer + reader->have, MOST_BYTES - reader->have, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) fprintf(stderr, "the server hung up\n"), exit(1);
    reader->have += size;
    reader->answer[reader->have] = 0;
    char *end = strstr(reader->answer, "\r\n\r\n"), *length = strcasestr(reader->answer, "\r\ncontent-length: ");
    if (!end || !length || reader->have < end + 4 - reader->answer + atoi(length + 18)) return;
    take(reader, now());
    reader->have = 0;
    ask(reader);
}

static void print_deliveries(void) {
    for (int i = 0; i < delivered; i++)
        printf("%d %ld %ld %.6f\n", deliveries[i].path, deliveries[i].msn, deliveries[i].part, deliveries[i].at);
    printf("refused %d\n", refused);
}

int main(int arguments, char **words) {
    if (arguments < 4) return 2;
    int count = atoi(words[2]), on = 1;
    char line[64];
    port = atoi(words[1]), paths = words + 3, poll_fd = epoll_create1(0);
    deliveries = calloc(DELIVERIES, sizeof *deliveries);
    Reader *readers = calloc(count, sizeof *readers);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; i++) {
        readers[i].fd = socket(AF_INET, SOCK_STREAM, 0), readers[i].msn = -1, readers[i].path = i % (arguments - 3);
        if (connect(readers[i].fd, (struct sockaddr *)&there, sizeof there)) perror("connect"), exit(1);
        setsockopt(readers[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event wish = {.events = EPOLLIN, .data.ptr = &readers[i]};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, readers[i].fd, &wish);
    }
    puts("ready"), fflush(stdout);
    if (read(0, line, sizeof line) <= 0) return 0;
    for (int i = 0; i < count; i++) ask(&readers[i]);
    struct epoll_event events[1024], ending = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &ending);
    for (int going = 1; going;) {
        int ready = epoll_wait(poll_fd, events, 1024, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) read_from(events[i].data.ptr);
            else going = 0;
        }
    }
    print_deliveries();
    return 0;
}
