#include "tests/support/apiserver.h"

#include "kube/kubeconfig.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test API server: %s\n", what);
        abort();
    }
}

static void run(const char *interpreter, const char *script, const char *folder,
                const int commands[2], const int answers[2])
{
    char path[128];
    snprintf(path, sizeof path, "tests/support/%s", script);
    dup2(commands[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    close(commands[1]);
    close(answers[0]);
    execlp(interpreter, interpreter, path, folder, (char *)NULL);
    _exit(127);
}

/* The number on the next line, or -1 where the server has ended. */
static long read_answer(struct test_apiserver *server)
{
    char line[64];
    return fgets(line, sizeof line, server->answers) ? strtol(line, NULL, 10) : -1;
}

static int end(struct test_apiserver *server)
{
    int status = 0;
    /* The end of its input is its own end, also when a test aborts; it removes the folder. */
    fclose(server->commands);
    fclose(server->answers);
    waitpid(server->pid, &status, 0);
    free(server);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct test_apiserver *test_apiserver_start(const char *interpreter, const char *script)
{
    struct test_apiserver *server = calloc(1, sizeof *server);
    int commands[2], answers[2];
    need(server && pipe(commands) == 0 && pipe(answers) == 0, "pipes");
    snprintf(server->folder, sizeof server->folder, "/tmp/druid-bridge-apiserver.XXXXXX");
    need(mkdtemp(server->folder), "folder");
    server->pid = fork();
    need(server->pid >= 0, "fork");
    if (server->pid == 0)
        run(interpreter, script, server->folder, commands, answers);
    close(commands[0]);
    close(answers[1]);
    server->commands = fdopen(commands[1], "w");
    server->answers = fdopen(answers[0], "r");
    if (read_answer(server) == 0)
        return server;
    need(end(server) == 77, "it does not start");
    return NULL;
}

void test_apiserver_stop(struct test_apiserver *server)
{
    if (server)
        end(server);
}

long test_apiserver_do(struct test_apiserver *server, const char *format, ...)
{
    char *command = NULL;
    va_list args;
    va_start(args, format);
    need(vasprintf(&command, format, args) >= 0, "memory");
    va_end(args);
    for (char *c = command; (c = strchr(c, '\''));)
        *c = '"';
    fprintf(server->commands, "%s\n", command);
    fflush(server->commands);
    long answer = read_answer(server);
    need(answer >= 0, command);
    free(command);
    return answer;
}

struct kube_access *test_apiserver_access(struct test_apiserver *server)
{
    char file[96];
    struct kube_access *access = NULL;
    struct error err = {0};
    snprintf(file, sizeof file, "%s/kubeconfig", server->folder);
    need(kube_access_from_kubeconfig(file, NULL, &access, &err), err.message);
    return access;
}
