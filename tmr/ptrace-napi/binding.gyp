{
  'targets': [
    {
      'target_name': 'ptrace_napi',
      'sources': [
        'src/addon.cc',
        'src/call.cc',
        'src/tracee.cc',
        'src/spawn.cc',
        'src/child.cc',
        'src/filter.cc',
        'src/registers.cc',
        'src/memory.cc',
        'src/strings.cc',
        'src/sockets.cc',
        'src/clock.cc',
        'src/process.cc',
        'src/descriptors.cc',
        'src/xxh64.cc',
      ],
      # Signal handlers must outlive a worker's unloading.
      'ldflags': ['-Wl,-z,nodelete'],
      'defines': ['NAPI_VERSION=9', '_GNU_SOURCE'],
      'cflags_cc!': ['-fno-exceptions', '-std=gnu++17'],
      'cflags_cc': ['-std=c++17', '-fexceptions', '-fvisibility=hidden', '-Wall', '-Wextra', '-O2'],
    },
  ],
}
