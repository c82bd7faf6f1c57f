/* Forks; the parent exits with the child's status. */
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status;
  const pid_t child = fork();
  if (child == 0) _exit(21);
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}
