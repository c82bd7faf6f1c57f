/**
 * The seccomp profile of the containers: what Docker documents as its default without any capability, and
 * two additions that a tracer needs (research/feasibility.md c): no address space randomisation for its
 * replica, and reading and writing the replica's memory. Made from the table of all calls, so that a call
 * is denied by name and for a reason, or allowed.
 */
import { numbers } from '../tracer/syscalls/numbers.ts';

/** Calls that Docker's default refuses to a container without capabilities. */
export const denied: Readonly<Record<string, readonly string[]>> = {
  'mounts and namespaces': [
    'mount',
    'umount2',
    'pivot_root',
    'chroot',
    'setns',
    'unshare',
    'move_mount',
    'open_tree',
    'open_tree_attr',
    'fsopen',
    'fsconfig',
    'fsmount',
    'fspick',
    'mount_setattr',
    'statmount',
    'listmount',
  ],
  'kernel modules and images': [
    'init_module',
    'finit_module',
    'delete_module',
    'create_module',
    'query_module',
    'get_kernel_syms',
    'kexec_load',
    'kexec_file_load',
    'uselib',
  ],
  'clocks of the machine': ['settimeofday', 'clock_settime'],
  'the kernel keyring, which is not namespaced': ['add_key', 'keyctl', 'request_key'],
  'tracing and programs inside the kernel': ['bpf', 'perf_event_open', 'lookup_dcookie'],
  'state of the machine': [
    'reboot',
    'swapon',
    'swapoff',
    'acct',
    'quotactl',
    'quotactl_fd',
    'syslog',
    'vhangup',
    'sethostname',
    'setdomainname',
    'iopl',
    'ioperm',
    'nfsservctl',
    '_sysctl',
    'sysfs',
    'ustat',
  ],
  'files by handle, past all paths': ['open_by_handle_at', 'name_to_handle_at', 'fanotify_init'],
  'a large or old attack surface': [
    'userfaultfd',
    'io_uring_setup',
    'io_uring_enter',
    'io_uring_register',
  ],
  'other processes, beyond what our tracer needs': ['kcmp', 'pidfd_getfd', 'process_madvise'],
  'numbers that Linux never used': [
    'getpmsg',
    'putpmsg',
    'afs_syscall',
    'tuxcall',
    'security',
    'vserver',
  ],
  'memory policy of the machine': [
    'mbind',
    'move_pages',
    'set_mempolicy',
    'get_mempolicy',
    'migrate_pages',
    'set_mempolicy_home_node',
  ],
};

/** Allowed only with certain arguments. */
const conditional = new Set(['clone', 'clone3', 'socket', 'personality']);

const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40;
/** CLONE_NEW*: a new namespace of any kind. */
const NAMESPACE_FLAGS = 0x7e02_0000;
/** Linux, UNAME26, 32-bit addresses, both, and the question for the present one. */
const PERSONALITIES = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/** ADDR_NO_RANDOMIZE: ours. */
export const NO_RANDOMIZE = 0x004_0000;

interface Rule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}

/** JSON for SecurityOpt `seccomp=`: the engine's API takes the text. */
export function seccompProfile(): string {
  const refused = new Set(Object.values(denied).flat());
  const names = Object.keys(numbers).filter((name) => !refused.has(name) && !conditional.has(name));
  const rules: Rule[] = [
    { names, action: 'SCMP_ACT_ALLOW' },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    // Its flags lie in memory, where no filter sees them; libc falls back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    {
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }],
    },
    ...[...PERSONALITIES, NO_RANDOMIZE].map((value) => ({
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
    })),
  ];
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: rules,
  });
}
